"""All benchmarks: ``make bench``, or ``make bench QUICK=1`` for a first impression.

python -m benchmarks               measures everything; writes RESULTS.md and the chart
python -m benchmarks PART …        prints the figures of some parts
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.figures import Figure, Measured, NotMeasured
from benchmarks.report import describe_machine, line_of, write_page

#: Modules with a ``measure``, in the order of the page.
PARTS = (
    *("render", "smtp", "sendgrid", "processes", "engine", "ledger", "importing", "memory"),
    "startup",
    "serve",
)
ROUNDS, QUICK_ROUNDS = 5, 1
_HERE = Path(__file__).parent


def main() -> int:
    """Exit code 1 if a figure misses its floor, which noise does not explain."""
    start = time.monotonic()
    parts = sys.argv[1:]
    rounds = QUICK_ROUNDS if os.environ.get("QUICK") else ROUNDS
    measured = [each for part in parts or PARTS for each in _measure(part, rounds)]
    figures = [each for each in measured if isinstance(each, Figure)]
    if not parts:
        minutes = (time.monotonic() - start) / 60
        (_HERE / "RESULTS.md").write_text(write_page(measured, describe_machine(), minutes))
        (_HERE / "chart.svg").write_text(draw(figures))
        _print("written: benchmarks/RESULTS.md and benchmarks/chart.svg")
    missed = [figure for figure in figures if figure.is_missed]
    for figure in missed:
        _print(f"missed: {line_of(figure)}")
    return 1 if missed else 0


def _measure(part: str, rounds: int) -> Measured:
    """Measure and print a part; one with a missing library is reported as not measured."""
    try:
        measure: Callable[[int], Measured] = importlib.import_module(
            f"benchmarks.parts.{part}"
        ).measure
        measured = measure(rounds)
    except ModuleNotFoundError as error:
        measured = [NotMeasured(part=part, name=part, why=f"{error.name} is not installed")]
    for each in measured:
        _print(line_of(each))
    return measured


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
