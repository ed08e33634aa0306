"""SQL for the local day of a stored instant, portable between both databases.

SQLite has no time zones, and PostgreSQL's may differ from Python's. So the statement contains the
zone's offset from UTC: one number, or two where the clocks change within the requested days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lovecampaign.schedule.instants import day_start
from lovecampaign.store.database.types import EPOCH, MICROSECOND, to_microseconds

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
        at, zone = self.start, ZoneInfo(self.zone)
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
