"""What did a pass do? The counts that ``send`` reports."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many deliveries a pass brought where."""

    sent: int = 0
    failed: int = 0
    skipped: int = 0
    in_doubt: int = 0
    #: Claims made, whatever became of them; ``--limit`` counts these.
    tried: int = 0

    def __add__(self, other: Tally) -> Tally:
        sums = {
            each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)
        }
        return Tally(**sums)
