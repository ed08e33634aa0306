"""Comparison of contenders round by round, which cancels most noise of a shared machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.figures import Ratio

#: Does its work once and returns its speed (messages or rows per second, more is better), in one
#: unit for all contenders.
Contender = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """The figures of one contender, round by round."""

    figures: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.figures)

    @property
    def spread(self) -> float:
        """The range of the rounds, as a fraction of the median."""
        return (max(self.figures) - min(self.figures)) / self.median

    def times(self, other: Stats) -> float:
        """How many times faster than another contender: the median of all rounds' ratios."""
        return median(
            mine / theirs for mine, theirs in zip(self.figures, other.figures, strict=True)
        )


def run_rounds(contenders: Mapping[str, Contender], rounds: int) -> Mapping[str, Stats]:
    """Run each contender once per round, in a rotating order, after a warm-up."""
    for contender in contenders.values():
        contender()
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name in _rotated(list(contenders), number):
            figures[name].append(contenders[name]())
    return {name: Stats(figures=tuple(reached)) for name, reached in figures.items()}


def ratio_to(
    stats: Mapping[str, Stats],
    ours: str,
    peer: str,
    target: float | None = None,
    noise: float = 0.2,
) -> Ratio:
    """Our speed as a multiple of the peer's; ``noise`` is the part of the target below it that
    still passes.
    """
    return Ratio(
        peer=peer,
        times=stats[ours].times(stats[peer]),
        value=stats[peer].median,
        target=target,
        floor=None if target is None else target * (1 - noise),
    )


def _rotated(names: list[str], number: int) -> list[str]:
    start = number % len(names)
    return names[start:] + names[:start]
