"""How many units of a deal are left, and until when is one somebody's?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The units of one deal at one instant."""

    #: None: there are as many as anybody wants.
    quantity: int | None
    #: Bought for good.
    redeemed: int
    #: Claimed and not lapsed, or kept for somebody who waited.
    reserved: int
    #: People who still wait to be told of one, and want it.
    waiting: int = 0

    @property
    def left(self) -> int | None:
        """What the next person may take; None where there is no limit.

        A code that is paid after its claim lapsed and went to somebody else is one unit too
        many. It was bought all the same, and what is left stays at zero.
        """
        if self.quantity is None:
            return None
        return max(0, self.quantity - self.redeemed - self.reserved)

    @property
    def over(self) -> int:
        """How many more were bought than there are."""
        return 0 if self.quantity is None else max(0, self.redeemed - self.quantity)

    @property
    def is_gone(self) -> bool:
        """Whether somebody who comes by gets none: those who wait come first."""
        return self.left is not None and self.left <= self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One person's unit."""

    claimed_at: datetime
    #: From here on it is free again, unless it was redeemed.
    lapses_at: datetime
    redeemed_at: datetime | None = None

    @property
    def is_redeemed(self) -> bool:
        return self.redeemed_at is not None

    def holds(self, now: datetime) -> bool:
        """Whether the unit is theirs: bought, or claimed and not lapsed."""
        return self.is_redeemed or now < self.lapses_at
