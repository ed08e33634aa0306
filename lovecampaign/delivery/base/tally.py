"""What did a pass do? The counts that ``send`` reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from lovecampaign.core.errors import Unreachable
from lovecampaign.delivery.base.failures import FailureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many deliveries a pass brought where."""

    sent: int = 0
    failed: int = 0
    skipped: int = 0
    in_doubt: int = 0
    #: Claims made, whatever became of them; ``--limit`` counts these.
    tried: int = 0
    #: What was the matter with those that failed.
    failures: Counter[FailureReason] = field(default_factory=Counter)
    #: Why nothing more can be sent now: the provider refuses us as a whole, or is away.
    closed: Unreachable | None = None

    def __add__(self, other: Tally) -> Tally:
        sums: dict[str, Any] = {
            each.name: getattr(self, each.name) + getattr(other, each.name)
            for each in fields(self)
            if each.name != "closed"
        }
        return Tally(**sums, closed=self.closed or other.closed)
