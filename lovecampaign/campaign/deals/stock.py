"""A deal's window, stock and claims at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lovecampaign.campaign.model.deal import Deal

#: Of an unpaid claim on a limited deal: one subscriber must not hold a unit for ever.
MAX_RENEWALS = 2


class DealState(StrEnum):
    """The position of an instant relative to a deal's window."""

    NOT_YET = "not_yet"  #: before it opens
    OPEN = "open"  #: from its opening instant on
    CLOSED = "closed"  #: at its closing instant and after it


def deal_state(deal: Deal, at: datetime, *, closes: datetime | None = None) -> DealState:
    """The state at an instant; ``closes`` is a subscriber's extension (``deals extend``)."""
    if at >= closing_time(deal, closes):
        return DealState.CLOSED
    return DealState.OPEN if at >= deal.opens else DealState.NOT_YET


def closing_time(deal: Deal, closes: datetime | None = None) -> datetime:
    """The effective end: an extension never shortens the window."""
    return deal.closes if closes is None else max(deal.closes, closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The units of one deal at one instant."""

    #: None: unlimited.
    quantity: int | None
    #: Bought.
    redeemed: int
    #: Claimed and not lapsed, or kept for a subscriber from the waitlist.
    reserved: int
    #: Subscribers on the waitlist who still want a unit.
    waiting: int = 0

    @property
    def left(self) -> int | None:
        """Free units; None without a limit.

        A claim that is paid after it lapsed may oversell. The purchase counts, and ``left`` stays
        at zero.
        """
        if self.quantity is None:
            return None
        return max(0, self.quantity - self.redeemed - self.reserved)

    @property
    def over(self) -> int:
        """Oversold units."""
        return 0 if self.quantity is None else max(0, self.redeemed - self.quantity)

    @property
    def is_gone(self) -> bool:
        """Whether there is no unit for a new visitor: the waitlist comes first."""
        return self.left is not None and self.left <= self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One subscriber's unit."""

    claimed_at: datetime
    #: The unit is free again from then on, unless it was redeemed.
    lapses_at: datetime
    redeemed_at: datetime | None = None
    #: How often it was claimed anew after it had lapsed.
    renewals: int = 0

    @property
    def is_redeemed(self) -> bool:
        return self.redeemed_at is not None

    @property
    def may_be_renewed(self) -> bool:
        return self.renewals < MAX_RENEWALS

    def holds(self, now: datetime) -> bool:
        """Whether the claim is redeemed or has not lapsed."""
        return self.is_redeemed or now < self.lapses_at
