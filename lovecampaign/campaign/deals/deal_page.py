"""What does somebody find behind the deal link of their letter?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lovecampaign.campaign.deals.stock import Claim, Stock
from lovecampaign.campaign.deals.windows import DealState, deal_state
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Deal, WhenGone


class DealPageState(StrEnum):
    """What the page says; one at a time."""

    BOUGHT = "bought"  #: nothing is left to do
    EARLY = "early"  #: no insider, before the launch: when the doors open
    OFFER = "offer"  #: no insider, from the launch on: what everybody can buy
    NOT_YET = "not-yet"  #: an insider before the deal opens
    OPEN = "open"  #: a unit can be claimed
    KEPT = "kept"  #: they waited, and a unit is kept for them
    CLAIMED = "claimed"  #: a unit is theirs for a while, not paid yet
    NO_CODE = "no-code"  #: the author's file ran out of codes: ours to mend
    WAITLIST = "waitlist"  #: sold out; they may take a place
    WAITING = "waiting"  #: sold out; they have a place
    FULL_PRICE = "full-price"  #: sold out; the offer is there for them
    GONE = "gone"  #: sold out, and that is all
    CLOSED = "closed"  #: an insider after the deal's end


#: Behind these a POST takes a unit, or goes on with the one that was taken.
LEADS_TO_CHECKOUT = frozenset({DealPageState.OPEN, DealPageState.KEPT, DealPageState.CLAIMED})

_WHEN_GONE = {
    WhenGone.WAITLIST: DealPageState.WAITLIST,
    WhenGone.FULL_PRICE: DealPageState.FULL_PRICE,
    WhenGone.STOP: DealPageState.GONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """How the person whose link it is stands towards the deal."""

    #: On the advance-notification list, or holding a code that was given to them there.
    is_insider: bool
    has_bought: bool = False
    claim: Claim | None = None
    #: Whether a code is theirs, or would be with the next claim.
    has_code: bool = True
    is_waiting: bool = False
    #: A unit is kept for them until then, because they waited.
    kept_until: datetime | None = None
    #: Their own end of the deal (``deals extend``).
    closes: datetime | None = None

    def has_kept_unit(self, now: datetime) -> bool:
        return self.kept_until is not None and now < self.kept_until


def find_page_state(
    campaign: Campaign, deal: Deal | None, stock: Stock, visitor: Visitor, now: datetime
) -> DealPageState:
    """The one page that is true for this person at this instant."""
    claim = visitor.claim
    if visitor.has_bought or (claim and claim.is_redeemed):
        return DealPageState.BOUGHT
    if deal is None or not visitor.is_insider:
        return DealPageState.OFFER if now >= campaign.launch.at else DealPageState.EARLY
    state = deal_state(deal, now, closes=visitor.closes)
    if state is DealState.NOT_YET:
        return DealPageState.NOT_YET
    if claim and claim.holds(now):  # who claimed in time may pay in time
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
    return DealPageState.KEPT if is_kept else DealPageState.OPEN
