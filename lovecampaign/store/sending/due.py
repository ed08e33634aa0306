"""What waits to be sent, now and later?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.eligibility.slots import compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.next_tries import find_tries
from lovecampaign.store.sending.planned_rows import ROWS, keeping_quiet_hours, planned_of
from lovecampaign.store.tables import PLANNED, batch, delivery, email, subscriber
from lovecampaign.store.tables.slots import fill_zone_clocks, zone_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBatch:
    """A batch with rows that may be claimed now."""

    id: int
    epoch: int
    email_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCounts:
    """Planned rows whose moment has come."""

    #: They may be claimed now, or wait only for the end of quiet hours.
    remaining: int
    #: They wait for another try.
    retry_later: int


def list_due_batches(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    keys: Collection[str],
    now: datetime,
) -> Sequence[DueBatch]:
    """Batches of these emails with claimable rows, earliest due first."""
    clocks = read_clocks(connection, campaign, now)
    waits = [
        delivery.c.batch_id == batch.c.id,
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= now,
    ]
    is_due: sa.ColumnElement[bool] = sa.exists().where(*waits)
    held = keeping_quiet_hours(campaign, keys)
    if all(clock.quiet_until for clock in clocks.values()):
        keys = set(keys) - held  # nobody is awake: no row needs to be asked
    elif held and any(clock.quiet_until for clock in clocks.values()):
        fill_zone_clocks(connection, clocks)
        has_awake = sa.exists().where(*waits, *_is_awake())
        is_due = sa.case((email.c.key.in_(sorted(held)), has_awake), else_=is_due)
    rows = connection.execute(
        sa.select(batch.c.id, batch.c.epoch, email.c.key.label("email_key"))
        .join(email, email.c.id == batch.c.email_id)
        .where(email.c.campaign_id == record.id, email.c.key.in_(sorted(keys)), is_due)
        .order_by(batch.c.due, batch.c.id)
    )
    return [DueBatch(**row) for row in rows.mappings()]


def count_waiting(
    connection: Connection, record: CampaignRecord, keys: Collection[str], now: datetime
) -> WaitingCounts:
    """The planned rows of these emails whose moment has come: claimable now, or to try again."""
    is_ready = delivery.c.next_try_at <= now
    row = connection.execute(
        sa.select(
            sa.func.count().filter(is_ready).label("remaining"),
            sa.func.count().filter(sa.not_(is_ready)).label("retry_later"),
        )
        .select_from(ROWS)
        .where(
            *planned_of(record, keys),
            delivery.c.due <= now,
        )
    ).one()
    return WaitingCounts(remaining=row.remaining, retry_later=row.retry_later)


def find_next_due(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord | None,
    keys: Collection[str],
    now: datetime,
) -> datetime | None:
    """The earliest later moment of these emails, or of a further try; None: the month is over."""
    slots = compute_slots(connection, campaign, record)
    open_keys = set(keys) - (record.cancelled if record else set())
    moments = [
        each.due
        for by_key in slots.values()
        for key in open_keys
        for each in by_key[key]
        if each.reason is None
    ]
    if record is not None:
        moments += find_tries(connection, campaign, record, keys, now)
    return min((moment for moment in moments if moment > now), default=None)


def _is_awake() -> list[sa.ColumnElement[bool]]:
    return [
        subscriber.c.id == delivery.c.subscriber_id,
        zone_clock.c.zone == subscriber.c.timezone,
        zone_clock.c.quiet_until.is_(None),
    ]
