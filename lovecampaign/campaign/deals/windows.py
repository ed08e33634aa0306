"""Can the insiders' deal be taken at an instant?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from lovecampaign.campaign.model.deal import Deal


class DealState(StrEnum):
    """Where an instant lies against a deal's window."""

    NOT_YET = "not_yet"  #: before it opens
    OPEN = "open"  #: from its opening instant on
    CLOSED = "closed"  #: at its closing instant and ever after


def deal_state(deal: Deal, at: datetime, *, closes: datetime | None = None) -> DealState:
    """The state at an instant; ``closes`` is a person's own end (``deals extend``)."""
    if at >= closing_time(deal, closes):
        return DealState.CLOSED
    return DealState.OPEN if at >= deal.opens else DealState.NOT_YET


def closing_time(deal: Deal, closes: datetime | None = None) -> datetime:
    """The end that counts: an exception gives a person more time, never less."""
    return deal.closes if closes is None else max(deal.closes, closes)
