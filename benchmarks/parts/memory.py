"""Memory of a send, and its cost per recipient, by the number of subscribers.

Each size is a process of its own, which plans, claims, renders, journals and settles day 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Measured
from benchmarks.workspace import add_subscribers, make_workspace, opened, settings_of

PART = "Size"
MOST_MB, MOST_MB_WITH_SLACK = 120.0, 130.0
MOST_DEVIATION, MOST_DEVIATION_WITH_SLACK = 20.0, 40.0
SMALLEST = 1_000
#: The first messages pay for imports and caches; they are measured separately.
_WARM_UP = 100
_Costs = Mapping[str, float]


def sizes() -> tuple[int, ...]:
    """Up to a million subscribers; ``QUICK=1`` stops at 30,000."""
    return (SMALLEST, 30_000) if os.environ.get("QUICK") else (SMALLEST, 30_000, 1_000_000)


def measure(rounds: int) -> Measured:
    start_up = median(_send_to(_WARM_UP)["cpu_seconds"] for _ in range(rounds))
    by_size = {SMALLEST: _median([_send_to(SMALLEST) for _ in range(rounds)])}
    by_size |= {size: _send_to(size) for size in sizes()[1:]}
    return [*_memory(by_size), *_costs(by_size, start_up)]


def _memory(by_size: Mapping[int, _Costs]) -> Iterator[Figure]:
    small, large = sizes()[-2], sizes()[-1]
    slope = (by_size[large]["peak_mb"] - by_size[small]["peak_mb"]) / (large - small) * 1_000_000
    yield Figure(
        part=PART,
        name=f"memory of send, {large:,} subscribers",
        value=by_size[large]["peak_mb"],
        unit="MB",
        target=MOST_MB,
        is_less_better=True,
        floor=MOST_MB_WITH_SLACK,
        note=f"{by_size[small]['peak_mb']:.0f} MB for {small:,}; {slope:+.1f} MB a million more",
    )


def _costs(by_size: Mapping[int, _Costs], start_up: float) -> Iterator[Figure]:
    each = {
        size: (one["cpu_seconds"] - start_up) / (one["sent"] - _WARM_UP) * 1e6
        for size, one in by_size.items()
    }
    shown = ", ".join(f"{cost:.0f} µs of {size:,}" for size, cost in each.items())
    first, last = each[SMALLEST], each[sizes()[-1]]
    yield Figure(
        part=PART,
        name=f"cost of a recipient, {SMALLEST:,} to {sizes()[-1]:,}: dearer by",
        value=max(0.0, (last / first - 1) * 100),
        unit="%",
        target=MOST_DEVIATION,
        is_less_better=True,
        floor=MOST_DEVIATION_WITH_SLACK,
        note=f"CPU without start-up and network: {shown}",
    )


def _send_to(subscribers: int) -> _Costs:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_workspace(folder)
        with opened(settings_of(folder)) as database:
            add_subscribers(database, subscribers)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.parts.one_send", name],
            capture_output=True,
            check=True,
            text=True,
        )
    costs: dict[str, float] = json.loads(done.stdout)
    return costs


def _median(rounds: list[_Costs]) -> _Costs:
    return {name: median(one[name] for one in rounds) for name in rounds[0]}
