"""Time of ``--help``, and of the example month."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, Measured
from benchmarks.rounds import run_rounds

PART = "Start"
HELP, BARE = "lovecampaign --help", "python -c pass"
MOST_TIMES_BARE, MOST_TIMES_WITH_SLACK = 3.5, 4.5
_PROGRAM = str(Path(sys.executable).with_name("lovecampaign"))


def measure(rounds: int) -> Measured:
    return [_help(3 * rounds), _demo()]


def _help(rounds: int) -> Figure:
    stats = run_rounds(
        {
            HELP: lambda: 1 / _seconds([_PROGRAM, "--help"]),
            BARE: lambda: 1 / _seconds([sys.executable, "-c", "pass"]),
        },
        rounds,
    )
    return Figure(
        part=PART,
        name=f"{HELP}, times {BARE}",
        value=stats[BARE].times(stats[HELP]),
        unit="×",
        target=MOST_TIMES_BARE,
        is_less_better=True,
        floor=MOST_TIMES_WITH_SLACK,
        note=f"{1000 / stats[HELP].median:.0f} ms and {1000 / stats[BARE].median:.0f} ms",
    )


def _demo() -> Figure:
    people = 300 if os.environ.get("QUICK") else 1_000
    return Figure(
        part=PART,
        name=f"make demo, {people:,} subscribers",
        value=_seconds([_PROGRAM, "demo", "--subscribers", str(people)]),
        unit="s",
        target=60.0,
        is_less_better=True,
    )


def _seconds(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start
