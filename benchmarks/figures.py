"""Measured figures with their targets.

Every part of the benchmark has ``measure(rounds: int) -> Measured``, from which the tables of
`RESULTS.md`, the chart and the exit code of ``make bench`` are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times better than a peer: the median of the rounds' ratios."""

    peer: str
    times: float
    #: The peer's own figure, in the same unit; None if it is not shown.
    value: float | None = None
    #: None for a peer that is shown for orientation.
    target: float | None = None
    #: Below this the benchmark fails: the target minus noise.
    floor: float | None = None

    @property
    def is_missed(self) -> bool:
        return self.floor is not None and self.times < self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number: the median of the rounds."""

    #: Section of the page: "Rendering", "SMTP", "SendGrid", "Ledger" …
    part: str
    name: str
    value: float
    #: "messages/s", "recipients/s", "rows/s", "MB", "ms", "s", "%", "×".
    unit: str
    #: In the unit of the figure; None for orientation.
    target: float | None = None
    #: Memory, start-up and deviations: less is better.
    is_less_better: bool = False
    #: Beyond this the benchmark fails; for figures that do not depend on the machine's speed.
    floor: float | None = None
    ratios: Sequence[Ratio] = ()
    #: How it was measured, or what limits it.
    note: str = ""

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return None if self.target is None else self._is_at_least(self.target)

    @property
    def is_missed(self) -> bool:
        """Whether it fails the benchmark."""
        is_beyond = self.floor is not None and not self._is_at_least(self.floor)
        return is_beyond or any(ratio.is_missed for ratio in self.ratios)

    def _is_at_least(self, bound: float) -> bool:
        return self.value <= bound if self.is_less_better else self.value >= bound


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A figure that could not be measured here."""

    part: str
    name: str
    #: "postfix is missing: make bench-setup".
    why: str


Measured = Sequence[Figure | NotMeasured]
