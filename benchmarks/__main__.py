"""How fast is all of it, on this machine? ``make bench``; ``make bench QUICK=1`` for a first look.

python -m benchmarks [PART …]
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.figures import Absence, Figure, Measured
from benchmarks.machine import describe_machine
from benchmarks.report import line_of, write_page

#: Modules with a ``measure``, in the order of the page.
PARTS = ("render", "smtp", "sendgrid", "ledger", "importing", "memory", "startup", "serve")
ROUNDS, QUICK_ROUNDS = 5, 1
_HERE = Path(__file__).parent


def main() -> int:
    """Measure, print, write RESULTS.md and the chart; 1 where what no noise explains is missed."""
    start = time.monotonic()
    parts = sys.argv[1:] or PARTS
    rounds = QUICK_ROUNDS if os.environ.get("QUICK") else ROUNDS
    found = [each for part in parts for each in _measured(part, rounds)]
    minutes = (time.monotonic() - start) / 60
    _write(found, minutes)
    missed = [each for each in found if isinstance(each, Figure) and each.is_missed]
    for figure in missed:
        _say(f"missed: {line_of(figure)}")
    return 1 if missed else 0


def _measured(part: str, rounds: int) -> Measured:
    """What a part gives, said at once; one that is not there is said too."""
    try:
        measure: Callable[[int], Measured] = importlib.import_module(f"benchmarks.{part}").measure
    except ModuleNotFoundError as missing:
        measure = _left_out(part, f"{missing.name} is not here")
    found = measure(rounds)
    for each in found:
        _say(line_of(each))
    return found


def _left_out(part: str, why: str) -> Callable[[int], Measured]:
    return lambda _rounds: [Absence(part=part, name=part, why=why)]


def _write(found: Sequence[Figure | Absence], minutes: float) -> None:
    figures = [each for each in found if isinstance(each, Figure)]
    (_HERE / "RESULTS.md").write_text(write_page(found, describe_machine(), minutes))
    (_HERE / "chart.svg").write_text(draw(figures))
    _say("written: benchmarks/RESULTS.md and benchmarks/chart.svg")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
