"""Gifts that subscribers took: each counts once for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.tables import gift_taken


def has_taken(connection: Connection, delivery: DeliveryRecord, gift: str) -> bool:
    """Whether the subscriber took this gift before."""
    is_theirs = gift_taken.c.subscriber_id == delivery.subscriber_id
    is_here = gift_taken.c.campaign_id == delivery.campaign_id
    query = sa.select(gift_taken.c.gift).where(is_theirs, is_here, gift_taken.c.gift == gift)
    return connection.execute(query).first() is not None


def note_taken(
    connection: Connection, delivery: DeliveryRecord, gift: str, name: str, now: datetime
) -> None:
    """Count a gift; a second time changes nothing."""
    row = {
        "subscriber_id": delivery.subscriber_id,
        "campaign_id": delivery.campaign_id,
        "gift": gift,
        "name": name,
        "taken_at": now,
    }
    connection.execute(insert_or_ignore(connection, gift_taken).values(row))


def list_taken(connection: Connection, subscriber_id: int) -> Sequence[tuple[str, datetime]]:
    """The names of the gifts that a subscriber took in any campaign, and when."""
    query = sa.select(gift_taken.c.name, gift_taken.c.taken_at).where(
        gift_taken.c.subscriber_id == subscriber_id
    )
    rows = connection.execute(query.order_by(gift_taken.c.taken_at, gift_taken.c.gift))
    return [(row.name, row.taken_at) for row in rows]


def count_taken(connection: Connection, campaign_id: int) -> Sequence[tuple[str, int]]:
    """How many people took each gift of a campaign, by name."""
    query = (
        sa.select(gift_taken.c.name, sa.func.count(sa.distinct(gift_taken.c.subscriber_id)))
        .where(gift_taken.c.campaign_id == campaign_id)
        .group_by(gift_taken.c.name)
        .order_by(gift_taken.c.name)
    )
    return [(name, number) for name, number in connection.execute(query)]
