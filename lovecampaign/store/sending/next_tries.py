"""When may rows that wait be tried again: after their waiting time, and after quiet hours?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.quiet import after_quiet_hours
from lovecampaign.store.eligibility.slots import read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.planned_rows import (
    ROWS,
    ROWS_AND_READERS,
    keeping_quiet_hours,
    planned_of,
)
from lovecampaign.store.tables import Instant, delivery, subscriber


def find_tries(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    keys: Collection[str],
    now: datetime,
) -> Iterator[datetime]:
    """When rows may be tried: after their waiting time, and after quiet hours."""
    held = keeping_quiet_hours(campaign, keys)
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
        .select_from(ROWS)
        .where(*planned_of(record, keys), delivery.c.next_try_at > now)
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
        .select_from(ROWS_AND_READERS)
        .where(*planned_of(record, keys), delivery.c.next_try_at > now)
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
            .select_from(ROWS_AND_READERS)
            .where(
                *planned_of(record, keys),
                delivery.c.next_try_at <= now,
                subscriber.c.timezone.in_(zones_by_end[end]),
            )
            .limit(1)
        )
        if found.first() is not None:
            yield end
            return
