"""Sends day 1 of a workspace and prints the cost of it as one JSON object.

python -m benchmarks.parts.one_send FOLDER                         discards every message
python -m benchmarks.parts.one_send FOLDER PROVIDER_URL PROCESSES  sends with these processes
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.workspace import opened, send_day_1, settings_of
from lovecampaign.core.message import Message, Outcome
from lovecampaign.delivery.processes.pool import sending_processes
from lovecampaign.providers.base.outcomes import accepted
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.factory import open_provider


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

    def disconnect(self) -> None: ...

    def close(self) -> None: ...


def main() -> int:
    folder, *rest = sys.argv[1:]
    url, processes = rest or ("", "1")
    settings = settings_of(Path(folder))
    if url:
        key = "SG.test.key"
        base_url = os.environ.get("SENDGRID_BASE_URL", settings.sendgrid_base_url)
        settings = replace(
            settings, provider_url=url, sendgrid_api_key=key, sendgrid_base_url=base_url
        )
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(sending_processes(settings, int(processes)))
        database = stack.enter_context(opened(settings))
        provider = open_provider(settings, None, int(processes)) if url else NullProvider()
        wall, cpu = time.perf_counter(), _cpu_seconds()
        report = send_day_1(settings, database, provider, pool)
        wall = time.perf_counter() - wall
        provider.close()
    cpu = _cpu_seconds() - cpu  # the processes have ended, and count
    costs = {"sent": report.sent, "seconds": wall, "cpu_seconds": cpu, "peak_mb": _peak_mb()}
    sys.stdout.write(json.dumps(costs) + "\n")
    return 0


def _cpu_seconds() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


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
