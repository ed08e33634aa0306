"""The sending fleet: its workers with their last heartbeat, its lag, and what is in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.sending.pace import DatabaseClock
from lovecampaign.store.tables import (
    PLANNED,
    DeliveryState,
    Instant,
    batch,
    campaign,
    delivery,
    email,
    owner,
    pace,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecord:
    """A worker process that has not ended in order: it is running, or it died."""

    host: str
    pid: int
    #: Batches that it delivers at once.
    slots: int
    started_at: datetime
    #: Its last heartbeat; one comes every five seconds.
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetCounts:
    """What a monitor watches, by campaign key or by provider."""

    #: Since when the oldest unsent delivery is due; those of quiet hours and pauses too.
    oldest_due: Mapping[str, datetime]
    in_doubt: Mapping[str, int]
    #: How long the next message waits for the pace, in seconds.
    limiter_wait: Mapping[str, float]


def list_workers(connection: Connection) -> Sequence[WorkerRecord]:
    """The workers of all machines, by host and process."""
    rows = connection.execute(
        sa.select(
            owner.c.host,
            owner.c.pid,
            sa.func.count().label("slots"),
            sa.func.min(owner.c.started_at, type_=Instant).label("started_at"),
            sa.func.max(owner.c.seen_at, type_=Instant).label("seen_at"),
        )
        .where(owner.c.ended_at.is_(None), owner.c.seen_at.is_not(None))
        .group_by(owner.c.host, owner.c.pid)
        .order_by(owner.c.host, owner.c.pid)
    )
    return [WorkerRecord(**row) for row in rows.mappings()]


def count_fleet(connection: Connection, now: datetime) -> FleetCounts:
    """A few index look-ups for each batch, however many deliveries there are."""
    is_waiting = sa.exists().where(
        delivery.c.batch_id == batch.c.id,
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= now,
    )
    oldest = connection.execute(
        sa.select(campaign.c.key, sa.func.min(batch.c.due, type_=Instant).label("due"))
        .join(email, email.c.campaign_id == campaign.c.id)
        .join(batch, batch.c.email_id == email.c.id)
        .where(batch.c.due <= now, is_waiting)
        .group_by(campaign.c.key)
    )
    is_in_doubt = delivery.c.state == DeliveryState.IN_DOUBT.value
    in_doubt = connection.execute(
        sa.select(campaign.c.key, sa.func.count().label("number"))
        .join(email, email.c.campaign_id == campaign.c.id)
        .join(delivery, delivery.c.email_id == email.c.id)
        .where(is_in_doubt)
        .group_by(campaign.c.key)
    )
    free_in = sa.type_coerce(pace.c.free_at, sa.BigInteger) - DatabaseClock()
    waits = connection.execute(
        sa.select(pace.c.provider, sa.func.max(free_in).label("wait")).group_by(pace.c.provider)
    )
    return FleetCounts(
        oldest_due={row.key: row.due for row in oldest},
        in_doubt={row.key: row.number for row in in_doubt},
        limiter_wait={row.provider: max(0.0, float(row.wait) / 1_000_000) for row in waits},
    )
