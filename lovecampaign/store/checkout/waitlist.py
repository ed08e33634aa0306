"""The waitlist of a sold-out deal: first come, first served, one place per subscriber.

A unit that becomes free is reserved for the notified subscriber, so that no other visitor
takes it first.
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
from lovecampaign.store.deal_stock.stock import (
    RecordedDeal,
    is_row_of_deal,
    is_waiting,
    lock_stock,
    read_stock,
)
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.ledger.transactional_mail import (
    DELIVERY_ID,
    RESERVED_UNTIL,
    TransactionalKind,
    queue_transactional,
)
from lovecampaign.store.tables import deal_waiting

#: Mail is not read at once. Claims on the page are much shorter.
SHORTEST_RESERVATION = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistPlace:
    """A place on the waitlist."""

    asked_at: datetime
    told_at: datetime | None
    held_until: datetime | None


def add_to_waitlist(
    connection: Connection,
    recorded: RecordedDeal,
    subscriber_id: int,
    delivery_id: int,
    now: datetime,
) -> None:
    """Add a subscriber to the waitlist; an existing place is kept.

    After a reservation that was not used, the subscriber is added at the end.
    """
    place = find_waitlist_place(connection, recorded, subscriber_id)
    values = {"asked_at": now, "delivery_id": delivery_id, "told_at": None, "held_until": None}
    if place is None:
        connection.execute(
            sa.insert(deal_waiting).values(
                campaign_id=recorded.campaign_id,
                deal=recorded.deal.key,
                subscriber_id=subscriber_id,
                **values,
            )
        )
    elif place.told_at is not None:
        connection.execute(
            sa.update(deal_waiting)
            .where(recorded.owns(deal_waiting), deal_waiting.c.subscriber_id == subscriber_id)
            .values(**values)
        )


def find_waitlist_place(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int
) -> WaitlistPlace | None:
    """The subscriber's place on the waitlist, if any."""
    rows = connection.execute(
        sa.select(deal_waiting.c.asked_at, deal_waiting.c.told_at, deal_waiting.c.held_until).where(
            recorded.owns(deal_waiting), deal_waiting.c.subscriber_id == subscriber_id
        )
    )
    return next((WaitlistPlace(**row) for row in rows.mappings()), None)


def notify_campaign_waitlist(database: Database, campaign: Campaign, now: datetime) -> int:
    """:func:`notify_waitlist` for the insiders' deal of a campaign, if it has a waitlist."""
    deal = campaign.insider_deal
    if deal is None or deal.quantity is None or deal.when_gone is not WhenGone.WAITLIST:
        return 0
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
    if record is None:
        return 0
    recorded = RecordedDeal(campaign=campaign, campaign_id=record.id, deal=deal)
    return notify_waitlist(database, recorded, now)


def notify_waitlist(database: Database, recorded: RecordedDeal, now: datetime) -> int:
    """Reserve free units for the waitlist, and queue the mail about it.

    Returns how many were notified. Cheap for an empty waitlist: a loop calls it on every pass.
    """
    with database.read() as connection:
        if not read_stock(connection, recorded, now).waiting:
            return 0
    with database.write() as connection:
        lock_stock(connection, recorded.campaign_id, recorded.deal.key)
        return reserve_free_units(connection, recorded, now)


def reserve_free_units(
    connection: Connection, recorded: RecordedDeal, now: datetime, *, here: int | None = None
) -> int:
    """:func:`notify_waitlist` inside a transaction that has locked the stock.

    The subscriber ``here`` is on the page at this moment and gets no mail.
    """
    left = read_stock(connection, recorded, now).left
    if not recorded.deal.opens <= now < recorded.deal.closes or left == 0:
        return 0
    until = min(now + max(recorded.deal.claim_for, SHORTEST_RESERVATION), recorded.deal.closes)
    rows = _next_places(connection, recorded, left)
    for row in rows:
        _reserve(connection, row.id, until, now)
        if row.subscriber_id != here:
            _queue_mail(connection, recorded, row, until, now)
    return len(rows)


def remove_from_waitlist(
    connection: Connection, campaign_id: int, deal: str, subscriber_id: int
) -> None:
    """Remove a subscriber who holds a unit."""
    connection.execute(
        sa.delete(deal_waiting).where(
            is_row_of_deal(deal_waiting, campaign_id, deal),
            deal_waiting.c.subscriber_id == subscriber_id,
        )
    )


def _next_places(
    connection: Connection, recorded: RecordedDeal, limit: int | None
) -> Sequence[sa.Row[Any]]:
    query = (
        sa.select(deal_waiting.c.id, deal_waiting.c.subscriber_id, deal_waiting.c.delivery_id)
        .where(recorded.owns(deal_waiting), is_waiting(recorded))
        .order_by(deal_waiting.c.asked_at, deal_waiting.c.id)
        .limit(limit)
    )
    rows: sa.Result[Any] = connection.execute(query)
    return rows.all()


def _reserve(connection: Connection, place_id: int, until: datetime, now: datetime) -> None:
    connection.execute(
        sa.update(deal_waiting)
        .where(deal_waiting.c.id == place_id)
        .values(told_at=now, held_until=until)
    )


def _queue_mail(
    connection: Connection, recorded: RecordedDeal, row: sa.Row[Any], until: datetime, now: datetime
) -> None:
    payload = {
        "deal": recorded.deal.key,
        DELIVERY_ID: row.delivery_id,
        RESERVED_UNTIL: until.isoformat(),
    }
    kind = TransactionalKind.WAITLIST_PLACE
    queue_transactional(connection, kind, row.subscriber_id, recorded.campaign_id, payload, now)
