"""Counts per local day for the dashboard, with one pass over each table.

The database aggregates: memory stays constant for any number of subscribers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.zones import load_zone
from lovecampaign.schedule.instants import day_start
from lovecampaign.store.database.types import EPOCH, MICROSECOND, to_microseconds
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.tables import (
    DeliveryState,
    delivery,
    email,
    event,
    membership,
    subscriber,
    suppression,
)

_DAY = timedelta(days=1)
#: Clocks change at whole quarters of an hour.
_STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDays:
    """The local days of a zone from ``first`` to ``last``, both included."""

    zone: str
    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        for step in range((self.last - self.first).days + 1):
            yield self.first + step * _DAY

    @property
    def start(self) -> datetime:
        return day_start(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after them."""
        return day_start(self.last + _DAY, self.zone)

    def holds(self, column: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
        """Whether the instant in a column lies within these days."""
        return sa.and_(column >= self.start, column < self.end)

    def number(self, column: sa.ColumnElement[datetime]) -> sa.ColumnElement[int]:
        """The local day of the instant in a column, as a number for :func:`day_of_number`."""
        instant = sa.type_coerce(column, sa.BigInteger)
        return (instant + self._offset(instant)) // sa.literal_column(_sql(_DAY), sa.BigInteger)

    def _offset(self, instant: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        *changes, last = self._offsets()
        if not changes:
            return last[1]
        rules = [
            (instant < sa.literal_column(str(to_microseconds(until)), sa.BigInteger), offset)
            for until, offset in changes
        ]
        return sa.case(*rules, else_=last[1])

    def _offsets(self) -> Sequence[tuple[datetime, sa.ColumnElement[int]]]:
        """Each offset, with the instant at which it ends."""
        found: list[tuple[datetime, timedelta]] = []
        at, zone = self.start, load_zone(self.zone)
        while at < self.end:
            offset = at.astimezone(zone).utcoffset() or timedelta(0)
            at += _STEP
            if found and found[-1][1] == offset:
                found.pop()
            found.append((at, offset))
        return [(until, sa.literal_column(_sql(offset), sa.BigInteger)) for until, offset in found]


def day_of_number(number: int) -> date:
    """The date of a number that :meth:`LocalDays.number` gave."""
    return (EPOCH + number * _DAY).astimezone(UTC).date()


def _sql(length: timedelta) -> str:
    """A literal in the statement: not every database takes a parameter in GROUP BY."""
    return f"({length // MICROSECOND})"


#: Suppressions by the subscriber's own decision, unlike bounces.
UNSUBSCRIBE_REASONS = (SuppressionReason.UNSUBSCRIBED, SuppressionReason.COMPLAINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCount:
    """How many deliveries of an email are in a state, by the day of settlement."""

    key: str
    state: DeliveryState
    #: Why it was skipped or failed.
    reason: str | None
    #: When they were settled; None if not yet, or outside the requested days.
    day: date | None
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCount:
    """How many events of a kind an email had on one day."""

    key: str
    kind: EventKind
    day: date
    number: int


def count_deliveries(
    connection: Connection, campaign_id: int, days: LocalDays
) -> Sequence[DeliveryCount]:
    """All rows of a campaign's ledger, by email, state, reason and day of settlement."""
    is_within = days.holds(delivery.c.settled_at)
    day = sa.case((is_within, days.number(delivery.c.settled_at))).label("day")
    counted = (
        sa.select(
            delivery.c.email_id,
            delivery.c.state,
            delivery.c.reason,
            day,
        )
        .where(delivery.c.campaign_id == campaign_id)
        .subquery()
    )
    rows = _grouped(counted, [counted.c.state, counted.c.reason, counted.c.day])
    return [
        DeliveryCount(
            key=row.key,
            state=DeliveryState(row.state),
            reason=row.reason,
            day=None if row.day is None else day_of_number(row.day),
            number=row.number,
        )
        for row in connection.execute(rows)
    ]


def count_events(
    connection: Connection, campaign_id: int, days: LocalDays, kinds: Collection[EventKind]
) -> Sequence[EventCount]:
    """The events of a campaign's deliveries, by email, kind and day."""
    counted = (
        sa.select(delivery.c.email_id, event.c.kind, days.number(event.c.at).label("day"))
        .join(delivery, delivery.c.id == event.c.delivery_id)
        .where(
            delivery.c.campaign_id == campaign_id,
            event.c.kind.in_([kind.value for kind in kinds]),
            days.holds(event.c.at),
        )
        .subquery()
    )
    rows = _grouped(counted, [counted.c.kind, counted.c.day])
    return [
        EventCount(
            key=row.key, kind=EventKind(row.kind), day=day_of_number(row.day), number=row.number
        )
        for row in connection.execute(rows)
    ]


def count_joined(connection: Connection, list_name: str, days: LocalDays) -> Mapping[date, int]:
    """New members of a list, confirmed or not."""
    return _count_members(connection, list_name, membership.c.joined_at, days)


def count_confirmed(connection: Connection, list_name: str, days: LocalDays) -> Mapping[date, int]:
    """Members who confirmed, or had a consent when they were imported."""
    return _count_members(connection, list_name, membership.c.confirmed_at, days)


def count_unsubscribed(
    connection: Connection, list_names: Collection[str], days: LocalDays
) -> Mapping[date, int]:
    """Members who unsubscribed or complained; once for several lists at once."""
    is_member = sa.exists().where(
        membership.c.subscriber_id == subscriber.c.id, membership.c.list.in_(list_names)
    )
    unsubscribed = (
        sa.select(suppression.c.address_key, days.number(suppression.c.at).label("day"))
        .join(subscriber, subscriber.c.address_key == suppression.c.address_key)
        .where(
            suppression.c.list.in_(["", *list_names]),
            suppression.c.reason.in_([reason.value for reason in UNSUBSCRIBE_REASONS]),
            suppression.c.lifted_at.is_(None),
            days.holds(suppression.c.at),
            is_member,
        )
        .distinct()
        .subquery()
    )
    rows = sa.select(unsubscribed.c.day, sa.func.count()).group_by(unsubscribed.c.day)
    return {day_of_number(day): number for day, number in connection.execute(rows)}


def _grouped(counted: sa.Subquery, columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """Groups of rows with their number; the email's key is looked up once for each group."""
    groups = (
        sa.select(counted.c.email_id, *columns, sa.func.count().label("number"))
        .group_by(counted.c.email_id, *columns)
        .subquery()
    )
    return sa.select(email.c.key, *(one for one in groups.c if one.name != "email_id")).join(
        groups, groups.c.email_id == email.c.id
    )


def _count_members(
    connection: Connection, list_name: str, at: sa.ColumnElement[Any], days: LocalDays
) -> Mapping[date, int]:
    counted = (
        sa.select(days.number(at).label("day"))
        .where(membership.c.list == list_name, days.holds(at))
        .subquery()
    )
    rows = sa.select(counted.c.day, sa.func.count()).group_by(counted.c.day)
    return {day_of_number(day): number for day, number in connection.execute(rows)}
