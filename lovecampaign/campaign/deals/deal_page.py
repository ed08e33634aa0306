"""The state of a subscriber's deal page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lovecampaign.campaign.deals.stock import Claim, DealState, Stock, deal_state
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Deal, WhenGone


class DealPageState(StrEnum):
    """The state that the page shows."""

    BOUGHT = "bought"  #: already bought
    EARLY = "early"  #: no insider, before the launch
    OFFER = "offer"  #: no insider, from the launch on: the public offer
    NOT_YET = "not-yet"  #: an insider before the deal opens
    OPEN = "open"  #: a unit can be claimed
    KEPT = "kept"  #: a unit is kept after the waitlist
    CLAIMED = "claimed"  #: a unit is claimed, not paid yet
    UNRESERVED = "unreserved"  #: units are left; after unpaid claims none is reserved any more
    NO_CODE = "no-code"  #: the author's file has no code left
    WAITLIST = "waitlist"  #: sold out; they can join the waitlist
    WAITING = "waiting"  #: sold out; on the waitlist
    FULL_PRICE = "full-price"  #: sold out; the public offer
    GONE = "gone"  #: sold out
    CLOSED = "closed"  #: an insider after the deal's end


#: States in which a POST claims a unit, or goes on to pay the claimed one.
CLAIMS = frozenset({DealPageState.OPEN, DealPageState.KEPT, DealPageState.CLAIMED})
#: States in which a POST goes on to the checkout.
LEADS_TO_CHECKOUT = CLAIMS | {DealPageState.UNRESERVED}

_WHEN_GONE = {
    WhenGone.WAITLIST: DealPageState.WAITLIST,
    WhenGone.FULL_PRICE: DealPageState.FULL_PRICE,
    WhenGone.STOP: DealPageState.GONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What the deal page knows about the subscriber of its link."""

    #: On the advance-notification list, or holds a code from it.
    is_insider: bool
    has_bought: bool = False
    claim: Claim | None = None
    #: Whether the subscriber has a code, or gets one with the next claim.
    has_code: bool = True
    is_waiting: bool = False
    #: End of the reservation for a subscriber from the waitlist.
    kept_until: datetime | None = None
    #: The subscriber's extension (``deals extend``).
    closes: datetime | None = None

    def has_kept_unit(self, now: datetime) -> bool:
        return self.kept_until is not None and now < self.kept_until


def find_page_state(
    campaign: Campaign, deal: Deal | None, stock: Stock, visitor: Visitor, now: datetime
) -> DealPageState:
    """The page's state for one subscriber at one instant."""
    claim = visitor.claim
    if visitor.has_bought or (claim and claim.is_redeemed):
        return DealPageState.BOUGHT
    if deal is None or not visitor.is_insider:
        return DealPageState.OFFER if now >= campaign.launch.at else DealPageState.EARLY
    state = deal_state(deal, now, closes=visitor.closes)
    if state is DealState.NOT_YET:
        return DealPageState.NOT_YET
    if claim and claim.holds(now):  # a claim made in time may be paid after the deal closes
        return DealPageState.CLAIMED
    if state is DealState.CLOSED:
        return DealPageState.CLOSED
    return _while_open(deal, stock, visitor, now)


def _while_open(deal: Deal, stock: Stock, visitor: Visitor, now: datetime) -> DealPageState:
    is_kept = visitor.has_kept_unit(now)
    if stock.is_gone and not is_kept:
        gone = _WHEN_GONE[deal.when_gone]
        return (
            DealPageState.WAITING if gone is DealPageState.WAITLIST and visitor.is_waiting else gone
        )
    if not visitor.has_code:
        return DealPageState.NO_CODE
    if is_kept:
        return DealPageState.KEPT
    is_limited = deal.quantity is not None
    if is_limited and visitor.claim is not None and not visitor.claim.may_be_renewed:
        return DealPageState.UNRESERVED
    return DealPageState.OPEN
