"""Plan the welcome email, due at the confirmation and in its transaction."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import DeliveryState, batch, delivery


def plan_welcome(
    connection: Connection, campaign_id: int, email_id: int, subscriber_id: int, now: datetime
) -> bool:
    """Plan the ``welcome`` email of a campaign for one subscriber; returns whether it is new."""
    added = connection.execute(
        insert_or_ignore(connection, delivery)
        .values(
            campaign_id=campaign_id,
            email_id=email_id,
            subscriber_id=subscriber_id,
            batch_id=_batch_of_this_minute(connection, email_id, now),
            state=DeliveryState.PLANNED.value,
            due=now,
            next_try_at=now,
        )
        .returning(delivery.c.id)
    )
    return added.first() is not None


def _batch_of_this_minute(connection: Connection, email_id: int, now: datetime) -> int:
    """One batch per minute of confirmations: a batch for each would be as many rows."""
    minute = now.replace(second=0, microsecond=0)
    known: int | None = connection.scalar(
        sa.select(batch.c.id)
        .where(batch.c.email_id == email_id, batch.c.due == minute)
        .order_by(batch.c.id)
        .limit(1)
    )
    if known is not None:
        return known
    batch_id: int = connection.execute(
        sa.insert(batch)
        .values(email_id=email_id, due=minute, epoch=0, created_at=now)
        .returning(batch.c.id)
    ).scalar_one()
    return batch_id
