"""Sends day 1 of a workspace and prints the cost of it as one JSON object.

python -m benchmarks.parts.one_send FOLDER
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.workspace import opened, send_day_1, settings_of
from lovecampaign.core.message import Message, Outcome
from lovecampaign.providers.base.outcomes import accepted
from lovecampaign.providers.base.provider import FlightLog


class NullProvider:
    """Accepts and discards every message, so that only our own cost is measured."""

    name = "smtp://127.0.0.1:9"
    leaves_machine = False
    takes_now = True
    is_throttled = True
    claim_size = 500

    def check_connection(self) -> None: ...

    def send(self, messages: Iterable[Message], flight: FlightLog) -> Iterator[Outcome]:
        acceptance = accepted("taken")
        for message in messages:
            flight.writing(message.delivery_id)
            outcome = acceptance.on(message)
            flight.answered(outcome)
            yield outcome

    def has_sent(self, delivery_id: str) -> bool | None: ...

    def close(self) -> None: ...


def main() -> int:
    settings = settings_of(Path(sys.argv[1]))
    with opened(settings) as database:
        wall, cpu = time.perf_counter(), time.process_time()
        report = send_day_1(settings, database, NullProvider())
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    costs = {"sent": report.sent, "seconds": wall, "cpu_seconds": cpu, "peak_mb": _peak_mb()}
    sys.stdout.write(json.dumps(costs) + "\n")
    return 0


def _peak_mb() -> float:
    """Peak memory of this process.

    From proc(5) if possible: getrusage(2) includes the peak of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [peak] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
