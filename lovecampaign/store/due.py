"""What waits to be sent, now and later?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign
from lovecampaign.store.campaigns import CampaignRecord
from lovecampaign.store.fate import work_out_slots
from lovecampaign.store.tables import DeliveryState, batch, delivery, email


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBatch:
    """A batch with rows that may be claimed now."""

    id: int
    epoch: int
    email_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Planned rows whose moment has come."""

    #: They may be claimed now.
    remaining: int
    #: They wait for another try.
    retry_later: int


def list_due_batches(
    connection: Connection, record: CampaignRecord, keys: Collection[str], now: datetime
) -> Sequence[DueBatch]:
    """Batches of these emails with claimable rows, earliest due first."""
    waits = sa.exists().where(
        delivery.c.batch_id == batch.c.id,
        delivery.c.state == DeliveryState.PLANNED.value,
        delivery.c.next_try_at <= now,
    )
    rows: sa.Result[Any] = connection.execute(
        sa.select(batch.c.id, batch.c.epoch, email.c.key.label("email_key"))
        .join(email, email.c.id == batch.c.email_id)
        .where(email.c.campaign_id == record.id, email.c.key.in_(sorted(keys)), waits)
        .order_by(batch.c.due, batch.c.id)
    )
    return [DueBatch(**row) for row in rows.mappings()]


def count_waiting(
    connection: Connection, record: CampaignRecord, keys: Collection[str], now: datetime
) -> Waiting:
    is_ready = delivery.c.next_try_at <= now
    row = connection.execute(
        sa.select(
            sa.func.count().filter(is_ready).label("remaining"),
            sa.func.count().filter(sa.not_(is_ready)).label("retry_later"),
        )
        .select_from(delivery)
        .join(email, email.c.id == delivery.c.email_id)
        .where(
            *_planned_of(record, keys),
            delivery.c.due <= now,
        )
    ).one()
    return Waiting(remaining=row.remaining, retry_later=row.retry_later)


def find_next_due(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord | None,
    keys: Collection[str],
    now: datetime,
) -> datetime | None:
    """The earliest later moment of these emails, or of a further try; None: the month is over."""
    slots = work_out_slots(connection, campaign, record)
    open_keys = set(keys) - (record.cancelled if record else set())
    by_time = min(
        (
            each.due
            for by_key in slots.values()
            for key in open_keys
            for each in by_key[key]
            if each.reason is None and each.due > now
        ),
        default=None,
    )
    if record is None:
        return by_time
    of_rows = connection.scalar(
        sa.select(sa.func.min(delivery.c.next_try_at))
        .select_from(delivery)
        .join(email, email.c.id == delivery.c.email_id)
        .where(*_planned_of(record, keys), delivery.c.next_try_at > now)
    )
    return min((each for each in (by_time, of_rows) if each is not None), default=None)


def _planned_of(record: CampaignRecord, keys: Collection[str]) -> list[sa.ColumnElement[bool]]:
    return [
        email.c.campaign_id == record.id,
        email.c.key.in_(sorted(keys)),
        delivery.c.state == DeliveryState.PLANNED.value,
    ]
