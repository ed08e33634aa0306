"""Who waits for a unit of a sold-out deal, and who is told when one is free again?

In the order of asking, each once. A unit that is free again is kept for the one who is told of
it, so that nobody who merely passes by takes it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import WhenGone
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.stock import RecordedDeal, is_waiting, lock_stock, read_stock
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.ledger.transactional_mail import (
    DELIVERY_ID,
    RESERVED_UNTIL,
    TransactionalKind,
    queue_transactional,
)
from lovecampaign.store.tables import deal_waiting

#: A mail is not read at once. Claims by people who sit at the page are much shorter.
SHORTEST_KEEP = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceInLine:
    """A place in the line."""

    asked_at: datetime
    told_at: datetime | None
    held_until: datetime | None


def wait_for_unit(
    connection: Connection, found: RecordedDeal, subscriber_id: int, delivery_id: int, now: datetime
) -> None:
    """Take a place in the line; who has one keeps it.

    Who was told and let the time pass may ask again, and stands at the end then.
    """
    place = find_place(connection, found, subscriber_id)
    values = {"asked_at": now, "delivery_id": delivery_id, "told_at": None, "held_until": None}
    if place is None:
        connection.execute(
            sa.insert(deal_waiting).values(
                campaign_id=found.campaign_id,
                deal=found.deal.key,
                subscriber_id=subscriber_id,
                **values,
            )
        )
    elif place.told_at is not None:
        connection.execute(
            sa.update(deal_waiting)
            .where(found.owns(deal_waiting), deal_waiting.c.subscriber_id == subscriber_id)
            .values(**values)
        )


def find_place(
    connection: Connection, found: RecordedDeal, subscriber_id: int
) -> PlaceInLine | None:
    """Where somebody stands in the line for a unit; None where they do not wait."""
    rows = connection.execute(
        sa.select(deal_waiting.c.asked_at, deal_waiting.c.told_at, deal_waiting.c.held_until).where(
            found.owns(deal_waiting), deal_waiting.c.subscriber_id == subscriber_id
        )
    )
    return next((PlaceInLine(**row) for row in rows.mappings()), None)


def tell_who_waits(database: Database, campaign: Campaign, now: datetime) -> int:
    """:func:`tell_waiting` for the insiders' deal of a campaign, where it has one that waits."""
    deal = campaign.insider_deal
    if deal is None or deal.quantity is None or deal.when_gone is not WhenGone.WAITLIST:
        return 0
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
    if record is None:
        return 0
    found = RecordedDeal(campaign=campaign, campaign_id=record.id, deal=deal)
    return tell_waiting(database, found, now)


def tell_waiting(database: Database, found: RecordedDeal, now: datetime) -> int:
    """Keep units that are free again for those who wait, and queue the mail that says so.

    Returns how many were told. Cheap where nobody waits: for a loop to call on every pass.
    """
    with database.read() as connection:
        if not read_stock(connection, found, now).waiting:
            return 0
    with database.write() as connection:
        lock_stock(connection, found.campaign_id, found.deal.key)
        return keep_free_units(connection, found, now)


def keep_free_units(
    connection: Connection, found: RecordedDeal, now: datetime, *, here: int | None = None
) -> int:
    """:func:`tell_waiting` inside a transaction that has locked the stock.

    The subscriber ``here`` sees the page at this moment and is not mailed.
    """
    left = read_stock(connection, found, now).left
    if not found.deal.opens <= now < found.deal.closes or left == 0:
        return 0
    until = min(now + max(found.deal.claim_for, SHORTEST_KEEP), found.deal.closes)
    rows = _next_in_line(connection, found, left)
    for row in rows:
        _keep(connection, row.id, until, now)
        if row.subscriber_id != here:
            _tell(connection, found, row, until, now)
    return len(rows)


def stop_waiting(connection: Connection, campaign_id: int, deal: str, subscriber_id: int) -> None:
    """Give a place up: they hold a unit."""
    connection.execute(
        sa.delete(deal_waiting).where(
            deal_waiting.c.campaign_id == campaign_id,
            deal_waiting.c.deal == deal,
            deal_waiting.c.subscriber_id == subscriber_id,
        )
    )


def _next_in_line(
    connection: Connection, found: RecordedDeal, limit: int | None
) -> Sequence[sa.Row[Any]]:
    query = (
        sa.select(deal_waiting.c.id, deal_waiting.c.subscriber_id, deal_waiting.c.delivery_id)
        .where(found.owns(deal_waiting), is_waiting(found))
        .order_by(deal_waiting.c.asked_at, deal_waiting.c.id)
        .limit(limit)
    )
    rows: sa.Result[Any] = connection.execute(query)
    return rows.all()


def _keep(connection: Connection, place_id: int, until: datetime, now: datetime) -> None:
    connection.execute(
        sa.update(deal_waiting)
        .where(deal_waiting.c.id == place_id)
        .values(told_at=now, held_until=until)
    )


def _tell(
    connection: Connection, found: RecordedDeal, row: sa.Row[Any], until: datetime, now: datetime
) -> None:
    payload = {
        "deal": found.deal.key,
        DELIVERY_ID: row.delivery_id,
        RESERVED_UNTIL: until.isoformat(),
    }
    kind = TransactionalKind.WAITLIST_PLACE
    queue_transactional(connection, kind, row.subscriber_id, found.campaign_id, payload, now)
