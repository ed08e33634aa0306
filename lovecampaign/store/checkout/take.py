"""What happens when somebody presses the button on the deal's page? All of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from lovecampaign.campaign.deals.deal_page import (
    LEADS_TO_CHECKOUT,
    DealPageState,
    Visitor,
    find_page_state,
)
from lovecampaign.campaign.deals.stock import Stock
from lovecampaign.store.checkout.claims import claim_unit
from lovecampaign.store.checkout.codes import code_for
from lovecampaign.store.checkout.visitor import read_visitor
from lovecampaign.store.checkout.waitlist import keep_free_units, wait_for_unit
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.stock import RecordedDeal, lock_stock, read_stock


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands behind a deal link at an instant."""

    door: DealPageState
    stock: Stock
    visitor: Visitor


def look(connection: Connection, found: RecordedDeal, subscriber_id: int, now: datetime) -> Found:
    """What the page shows. Changes nothing."""
    stock = read_stock(connection, found, now)
    visitor = read_visitor(connection, found, subscriber_id, now)
    door = find_page_state(found.campaign, found.deal, stock, visitor, now)
    return Found(door=door, stock=stock, visitor=visitor)


def take_unit(
    database: Database, found: RecordedDeal, subscriber_id: int, now: datetime
) -> str | None:
    """Claim a unit, or go on with the one they hold; the code for the checkout.

    None where the door does not lead there: the page says why.
    """
    try:
        return _take(database, found, subscriber_id, now)
    except IntegrityError:
        # A sender gave this person a code of the author's file in the same instant.
        return _take(database, found, subscriber_id, now)


def take_place(
    database: Database, found: RecordedDeal, subscriber_id: int, delivery_id: int, now: datetime
) -> None:
    """Take a place in the line, where there is one to take."""
    with database.write() as connection:
        if _look_again(connection, found, subscriber_id, now).door is DealPageState.WAITLIST:
            wait_for_unit(connection, found, subscriber_id, delivery_id, now)


def _take(database: Database, found: RecordedDeal, subscriber_id: int, now: datetime) -> str | None:
    with database.write() as connection:
        door = _look_again(connection, found, subscriber_id, now).door
        if door not in LEADS_TO_CHECKOUT:
            return None
        code = code_for(connection, found, subscriber_id)
        is_theirs = code is not None and claim_unit(connection, found, subscriber_id, now)
        return code if is_theirs else None


def _look_again(
    connection: Connection, found: RecordedDeal, subscriber_id: int, now: datetime
) -> Found:
    """With the stock locked, and what is free again kept for those who wait."""
    lock_stock(connection, found.campaign_id, found.deal.key)
    keep_free_units(connection, found, now, here=subscriber_id)
    return look(connection, found, subscriber_id, now)
