"""Which of several ways is faster, and by how much, on a machine that others use too?

Contenders take turns, round by round, and are compared within each round: what slows the
machine down for a while slows all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

#: Does its work once and says how fast that was: more is better (messages a second, rows a
#: second), the same unit for every contender.
Contender = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What one contender reached, round by round."""

    figures: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.figures)

    @property
    def spread(self) -> float:
        """From the slowest to the fastest round, as a part of the median."""
        return (max(self.figures) - min(self.figures)) / self.median

    def times(self, other: Stats) -> float:
        """How many times faster than another contender: the median of all rounds' ratios."""
        return median(
            mine / theirs for mine, theirs in zip(self.figures, other.figures, strict=True)
        )


def run_rounds(contenders: Mapping[str, Contender], rounds: int) -> Mapping[str, Stats]:
    """Let each contender work once a round, every round in another order, after a warm-up."""
    for contender in contenders.values():
        contender()
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in _turned(list(contenders), number):
            figures[name].append(contenders[name]())
    return {name: Stats(figures=tuple(reached)) for name, reached in figures.items()}


def _turned(names: list[str], number: int) -> list[str]:
    start = number % len(names)
    return names[start:] + names[:start]
