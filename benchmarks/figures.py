"""What is a measured figure, and is it good enough?

Every module of the benchmark has ``measure(rounds: int) -> Sequence[Figure | Absence]``. The
tables of `RESULTS.md`, the chart and the exit code of ``make bench`` come from nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many times better than a peer: the median of the rounds' ratios, never of medians."""

    peer: str
    times: float
    #: What the peer itself reached, in the unit of the figure; None where nobody asked.
    value: float | None = None
    #: What must be reached; None for a peer that is shown for orientation.
    target: float | None = None
    #: Below this the benchmark fails: the target with slack for a noisy machine.
    floor: float | None = None

    @property
    def is_missed(self) -> bool:
        return self.floor is not None and self.times < self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number: the median of the rounds."""

    #: In which part of the page it stands: "Rendering", "SMTP", "SendGrid", "Ledger" …
    part: str
    name: str
    value: float
    #: "messages/s", "recipients/s", "rows/s", "MB", "ms", "s", "%", "×".
    unit: str
    #: What issue 5 asks for, in the unit of the figure; None: for orientation.
    target: float | None = None
    #: Memory, start-up and deviations: less is better.
    is_less_better: bool = False
    #: For figures that do not depend on the machine's speed (memory, flatness, a ratio): what
    #: fails the benchmark.
    floor: float | None = None
    ratios: Sequence[Ratio] = ()
    #: One line about how it was measured, or what bounds it.
    note: str = ""

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return None if self.target is None else self._is_at_least(self.target)

    @property
    def is_missed(self) -> bool:
        """Whether it fails the benchmark: what no noise explains."""
        is_beyond = self.floor is not None and not self._is_at_least(self.floor)
        return is_beyond or any(ratio.is_missed for ratio in self.ratios)

    def _is_at_least(self, bound: float) -> bool:
        return self.value <= bound if self.is_less_better else self.value >= bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What could not be measured here, and why, in one line."""

    part: str
    name: str
    #: "postfix is not here: make bench-setup".
    why: str


#: What ``measure`` gives.
Measured = Sequence[Figure | Absence]
