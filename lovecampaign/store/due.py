"""What waits to be sent, now and later?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.quiet import after_quiet_hours, quiet_hours_of
from lovecampaign.store.calendars import read_clocks, work_out_slots
from lovecampaign.store.campaigns import CampaignRecord
from lovecampaign.store.slot_table import fill_zone_clocks, zone_clock
from lovecampaign.store.tables import PLANNED, Instant, batch, delivery, email, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBatch:
    """A batch with rows that may be claimed now."""

    id: int
    epoch: int
    email_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Planned rows whose moment has come."""

    #: They may be claimed now, or wait only for the end of quiet hours.
    remaining: int
    #: They wait for another try.
    retry_later: int


#: From the email over its batches: the index of planned rows leads past all that are sent.
_ROWS = email.join(batch, batch.c.email_id == email.c.id).join(
    delivery, delivery.c.batch_id == batch.c.id
)


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
    held = _keeping_quiet_hours(campaign, keys)
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
) -> Waiting:
    is_ready = delivery.c.next_try_at <= now
    row = connection.execute(
        sa.select(
            sa.func.count().filter(is_ready).label("remaining"),
            sa.func.count().filter(sa.not_(is_ready)).label("retry_later"),
        )
        .select_from(_ROWS)
        .where(
            *_planned_of(record, keys),
            delivery.c.due <= now,
        )
    ).one()
    return Waiting(remaining=row.remaining, retry_later=row.retry_later)


def count_held(
    connection: Connection, campaign: Campaign, record: CampaignRecord, key: str, now: datetime
) -> int:
    """How many claimable rows of an email wait only for the end of quiet hours."""
    clocks = read_clocks(connection, campaign, now)
    quiet = sorted(zone for zone, clock in clocks.items() if clock.quiet_until)
    if not quiet or not _keeping_quiet_hours(campaign, {key}):
        return 0
    held = (
        sa.select(sa.func.count())
        .select_from(_ROWS)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(
            *_planned_of(record, {key}),
            delivery.c.due <= now,
            delivery.c.next_try_at <= now,
            subscriber.c.timezone.in_(quiet),
        )
    )
    return connection.scalar(held) or 0


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
    moments = [
        each.due
        for by_key in slots.values()
        for key in open_keys
        for each in by_key[key]
        if each.reason is None
    ]
    if record is not None:
        moments += _tries(connection, campaign, record, keys, now)
    return min((moment for moment in moments if moment > now), default=None)


def _tries(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    keys: Collection[str],
    now: datetime,
) -> Iterator[datetime]:
    """When rows may be tried: after their waiting time, and after quiet hours."""
    held = _keeping_quiet_hours(campaign, keys)
    yield from _next_tries(connection, record, set(keys) - held, now)
    for zone, moment in _next_tries_by_zone(connection, record, held, now):
        place = effective_zone(zone, campaign)
        yield after_quiet_hours(moment, place, campaign.sending.quiet_hours)
    yield from _first_awake(connection, campaign, record, held, now)


def _next_tries(
    connection: Connection, record: CampaignRecord, keys: Collection[str], now: datetime
) -> list[datetime]:
    if not keys:
        return []
    first = connection.scalar(
        sa.select(sa.func.min(delivery.c.next_try_at))
        .select_from(_ROWS)
        .where(*_planned_of(record, keys), delivery.c.next_try_at > now)
    )
    return [] if first is None else [first]


def _next_tries_by_zone(
    connection: Connection, record: CampaignRecord, keys: Collection[str], now: datetime
) -> Sequence[tuple[str, datetime]]:
    """The first try of every zone, of what may be tried later: few rows, found in the index."""
    if not keys:
        return []
    first = sa.func.min(delivery.c.next_try_at, type_=Instant)
    rows = connection.execute(
        sa.select(subscriber.c.timezone, first)
        .select_from(_ROWS)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(*_planned_of(record, keys), delivery.c.next_try_at > now)
        .group_by(subscriber.c.timezone)
    )
    return [(zone, moment) for zone, moment in rows]


def _first_awake(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    keys: Collection[str],
    now: datetime,
) -> Iterator[datetime]:
    """When the first of those whom quiet hours alone hold back may be mailed.

    Zone after zone in the order of waking: the first row found will do.
    """
    zones_by_end: dict[datetime, list[str]] = {}
    for zone, clock in read_clocks(connection, campaign, now).items():
        if keys and clock.quiet_until is not None:
            zones_by_end.setdefault(clock.quiet_until, []).append(zone)
    for end in sorted(zones_by_end):
        found = connection.execute(
            sa.select(delivery.c.id)
            .select_from(_ROWS)
            .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
            .where(
                *_planned_of(record, keys),
                delivery.c.next_try_at <= now,
                subscriber.c.timezone.in_(zones_by_end[end]),
            )
            .limit(1)
        )
        if found.first() is not None:
            yield end
            return


def _keeping_quiet_hours(campaign: Campaign, keys: Collection[str]) -> set[str]:
    return {
        each.key
        for each in campaign.scheduled_emails
        if each.key in keys and quiet_hours_of(campaign, each) is not None
    }


def _is_awake() -> list[sa.ColumnElement[bool]]:
    return [
        subscriber.c.id == delivery.c.subscriber_id,
        zone_clock.c.zone == subscriber.c.timezone,
        zone_clock.c.quiet_until.is_(None),
    ]


def _planned_of(record: CampaignRecord, keys: Collection[str]) -> list[sa.ColumnElement[bool]]:
    return [
        email.c.campaign_id == record.id,
        email.c.key.in_(sorted(keys)),
        delivery.c.state == PLANNED,
    ]
