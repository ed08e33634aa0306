"""Queries for due batches, waiting rows and the next due time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import INVITATION, Campaign, Role
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.quiet import after_quiet_hours, quiet_hours_of
from lovecampaign.schedule.waves import wave_instants
from lovecampaign.store.eligibility.slots import compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables import PLANNED, Instant, batch, delivery, email, subscriber
from lovecampaign.store.tables.slots import fill_zone_clocks, zone_clock

#: From the email over its batches: this uses the index of planned rows and reads no sent ones.
_ROWS = email.join(batch, batch.c.email_id == email.c.id).join(
    delivery, delivery.c.batch_id == batch.c.id
)
_ROWS_AND_SUBSCRIBERS = _ROWS.join(subscriber, subscriber.c.id == delivery.c.subscriber_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBatch:
    """A batch with rows that may be claimed now."""

    id: int
    epoch: int
    email_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCounts:
    """How many planned rows are due."""

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
    """Batches of these emails with claimable rows: the newest email first, then by due time.

    Where two are due for one subscriber, the day's own email must take the local day.
    """
    clocks = read_clocks(connection, campaign, now)
    is_claimable = [
        delivery.c.batch_id == batch.c.id,
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= now,
    ]
    is_due: sa.ColumnElement[bool] = sa.exists().where(*is_claimable)
    held = _with_quiet_hours(campaign, keys)
    if all(clock.quiet_until for clock in clocks.values()):
        keys = set(keys) - held  # it is quiet in every zone: no row needs to be checked
    elif held and any(clock.quiet_until for clock in clocks.values()):
        fill_zone_clocks(connection, clocks)
        is_awake = [
            subscriber.c.id == delivery.c.subscriber_id,
            zone_clock.c.zone == subscriber.c.timezone,
            zone_clock.c.quiet_until.is_(None),
        ]
        has_awake = sa.exists().where(*is_claimable, *is_awake)
        is_due = sa.case((email.c.key.in_(sorted(held)), has_awake), else_=is_due)
    rows = connection.execute(
        sa.select(batch.c.id, batch.c.epoch, email.c.key.label("email_key"))
        .join(email, email.c.id == batch.c.email_id)
        .where(email.c.campaign_id == record.id, email.c.key.in_(sorted(keys)), is_due)
        .order_by(batch.c.due, batch.c.id)
    )
    newest_first = {each.key: -place for place, each in enumerate(campaign.emails)}
    newest_first |= {each.key: 1 for each in campaign.emails if each.role is Role.CATCH_UP}
    batches = [DueBatch(**row) for row in rows.mappings()]
    return sorted(batches, key=lambda each: newest_first.get(each.email_key, 1))


def count_claimable(
    connection: Connection, batch_ids: Collection[int], now: datetime, most: int
) -> int:
    """How many rows of these batches may be claimed now; counts up to ``most``."""
    rows = sa.select(sa.literal(1)).where(
        delivery.c.batch_id.in_(batch_ids),
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= now,
    )
    counted = sa.select(sa.func.count()).select_from(rows.limit(most).subquery())
    return connection.scalar(counted) or 0


def count_waiting(
    connection: Connection, record: CampaignRecord, keys: Collection[str], now: datetime
) -> WaitingCounts:
    """The due planned rows of these emails: claimable now, or to try again later."""
    rows = _count_due(now).select_from(_ROWS).where(*_is_planned(record, keys))
    row = connection.execute(rows).one()
    return WaitingCounts(remaining=row.remaining, retry_later=row.retry_later)


def count_waiting_in_batch(connection: Connection, batch_id: int, now: datetime) -> WaitingCounts:
    """As :func:`count_waiting`, of one batch."""
    is_in_batch = [delivery.c.batch_id == batch_id, delivery.c.state == PLANNED]
    row = connection.execute(_count_due(now).where(*is_in_batch)).one()
    return WaitingCounts(remaining=row.remaining, retry_later=row.retry_later)


def _count_due(now: datetime) -> sa.Select[int, int]:
    is_ready = delivery.c.next_try_at <= now
    is_in_time = sa.or_(delivery.c.expires_at.is_(None), delivery.c.expires_at > now)
    return sa.select(
        sa.func.count().filter(is_ready).label("remaining"),
        sa.func.count().filter(sa.not_(is_ready)).label("retry_later"),
    ).where(delivery.c.due <= now, is_in_time)


def find_planned(connection: Connection, record: CampaignRecord) -> Collection[str]:
    """The keys of the emails that have planned rows."""
    has_rows = sa.exists().where(delivery.c.batch_id == batch.c.id, delivery.c.state == PLANNED)
    keys = sa.select(email.c.key).distinct().join(batch, batch.c.email_id == email.c.id)
    return set(connection.scalars(keys.where(email.c.campaign_id == record.id, has_rows)))


def find_next_due(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord | None,
    keys: Collection[str],
    now: datetime,
) -> datetime | None:
    """The earliest later due time of these emails, or of a retry; None at the month's end."""
    slots = compute_slots(connection, campaign, record)
    open_keys = set(keys) - (record.cancelled if record else set())
    moments = [
        each.due
        for by_key in slots.values()
        for key in open_keys
        for each in by_key[key]
        if each.reason is None
    ]
    if INVITATION in open_keys:
        moments += wave_instants(campaign)
    if record is not None:
        moments += _find_tries(connection, campaign, record, keys, now)
    return min((moment for moment in moments if moment > now), default=None)


def _is_planned(record: CampaignRecord, keys: Collection[str]) -> list[sa.ColumnElement[bool]]:
    """Conditions for the planned rows of these emails, due or not."""
    return [
        email.c.campaign_id == record.id,
        email.c.key.in_(sorted(keys)),
        delivery.c.state == PLANNED,
    ]


def _with_quiet_hours(campaign: Campaign, keys: Collection[str]) -> set[str]:
    """Those of these emails that respect quiet hours."""
    return {
        each.key
        for each in campaign.scheduled_emails
        if each.key in keys and quiet_hours_of(campaign, each) is not None
    }


def _find_tries(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    keys: Collection[str],
    now: datetime,
) -> Iterator[datetime]:
    """When planned rows may be tried next: after their waiting time, and after quiet hours."""
    held = _with_quiet_hours(campaign, keys)
    if free := set(keys) - held:
        first = connection.scalar(
            sa.select(sa.func.min(delivery.c.next_try_at))
            .select_from(_ROWS)
            .where(*_is_planned(record, free), delivery.c.next_try_at > now)
        )
        if first is not None:
            yield first
    if held:
        for zone, moment in _next_tries_by_zone(connection, record, held, now):
            place = effective_zone(zone, campaign)
            yield after_quiet_hours(moment, place, campaign.sending.quiet_hours)
        yield from _first_end_of_quiet_hours(connection, campaign, record, held, now)


def _next_tries_by_zone(
    connection: Connection, record: CampaignRecord, keys: Collection[str], now: datetime
) -> Sequence[tuple[str, datetime]]:
    """The first retry in each zone; these are few rows, found through the index."""
    first = sa.func.min(delivery.c.next_try_at, type_=Instant)
    rows = connection.execute(
        sa.select(subscriber.c.timezone, first)
        .select_from(_ROWS_AND_SUBSCRIBERS)
        .where(*_is_planned(record, keys), delivery.c.next_try_at > now)
        .group_by(subscriber.c.timezone)
    )
    return [(zone, moment) for zone, moment in rows]


def _first_end_of_quiet_hours(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    keys: Collection[str],
    now: datetime,
) -> Iterator[datetime]:
    """When the first rows that only quiet hours delay may be claimed.

    Zones are searched by the end of their quiet hours; the first row found decides.
    """
    zones_by_end: dict[datetime, list[str]] = {}
    for zone, clock in read_clocks(connection, campaign, now).items():
        if clock.quiet_until is not None:
            zones_by_end.setdefault(clock.quiet_until, []).append(zone)
    for end in sorted(zones_by_end):
        delayed = connection.execute(
            sa.select(delivery.c.id)
            .select_from(_ROWS_AND_SUBSCRIBERS)
            .where(
                *_is_planned(record, keys),
                delivery.c.next_try_at <= now,
                subscriber.c.timezone.in_(zones_by_end[end]),
            )
            .limit(1)
        )
        if delayed.first() is not None:
            yield end
            return
