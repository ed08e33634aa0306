"""Temporary tables of slots, of each zone's local clock and of samples of the audience.

Filled before each query, with what changed since: a campaign's times come from its files, and only
results are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine

from lovecampaign.schedule.quiet import ZoneClocks
from lovecampaign.schedule.slots import Slot
from lovecampaign.store.tables import Instant, LocalDay

#: In place of NULL for an open interval. Microseconds fit 64 bits.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)
#: Keys of ``connection.info``: the zone clocks, and each email's slots, that its tables hold; and
#: whether that is so because of the current transaction.
_FILLED_WITH = "lovecampaign_zone_clocks"
_SLOTS = "lovecampaign_slots"
_IS_FILLED_NOW = "lovecampaign_is_filled_now"

_temporary = sa.MetaData()

#: One row per email, zone and joining interval; ``zone`` as the subscriber's row has it.
slot = sa.Table(
    "tmp_slot",
    _temporary,
    sa.Column("email_key", sa.Text, primary_key=True),
    sa.Column("zone", sa.Text, primary_key=True),
    sa.Column("joined_from", Instant, primary_key=True),
    sa.Column("joined_before", Instant, nullable=False),
    sa.Column("due", Instant, nullable=False),
    #: The local day of sending, for emails that go out once a day.
    sa.Column("local_day", LocalDay),
    sa.Column("expires_at", Instant),
    sa.Column("is_due_at_joining", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text),
    prefixes=["TEMPORARY"],
)

#: The local time at one instant, by zone as the subscriber's row has it.
zone_clock = sa.Table(
    "tmp_zone_clock",
    _temporary,
    sa.Column("zone", sa.Text, primary_key=True),
    sa.Column("local_day", LocalDay, nullable=False),
    #: The end of the current quiet hours; NULL: none.
    sa.Column("quiet_until", Instant),
    prefixes=["TEMPORARY"],
)

#: The instants at which anything changes in a zone, for
#: :mod:`lovecampaign.store.eligibility.classes`.
border = sa.Table(
    "tmp_border",
    _temporary,
    sa.Column("zone", sa.Text, primary_key=True),
    sa.Column("at", Instant, primary_key=True),
    prefixes=["TEMPORARY"],
)


def _table_of_numbers(name: str) -> sa.Table:
    return sa.Table(
        name,
        _temporary,
        sa.Column("subscriber_id", sa.BigInteger, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        prefixes=["TEMPORARY"],
    )


#: One subscriber of each class, and the number of subscribers in it.
sample = _table_of_numbers("tmp_sample")
#: The subscribers of a wave of the invitation, numbered from 1.
wave = _table_of_numbers("tmp_wave")

#: Loose index scan: DISTINCT would read the zone of every subscriber.
_ZONES = sa.text("""
    WITH RECURSIVE known (zone) AS (
        SELECT min(timezone) FROM subscriber
        UNION ALL
        SELECT (SELECT min(timezone) FROM subscriber WHERE timezone > known.zone)
        FROM known WHERE known.zone IS NOT NULL
    )
    SELECT zone FROM known WHERE zone IS NOT NULL
""")


def list_zones(connection: Connection) -> list[str]:
    """Every zone of a subscriber, as stored; '' where unknown."""
    return list(connection.scalars(_ZONES))


def fill_slots(
    connection: Connection,
    slots: Mapping[str, Mapping[str, Iterable[Slot]]],
    *,
    keeps_others: bool = False,
) -> None:
    """Fill the table with the slots of each email key, by stored zone.

    An email of which the connection has just these slots is skipped: in most passes of ``run``,
    that is every one. For queries that read no other email, the rows of others may stay.
    """
    by_key: dict[str, dict[str, tuple[Slot, ...]]] = {}
    for zone, by_email in slots.items():
        for key, of_email in by_email.items():
            by_key.setdefault(key, {})[zone] = tuple(of_email)
    known = connection.info.get(_SLOTS)
    if known is None:
        _refill(connection, slot, [])
        known = connection.info[_SLOTS] = {}
    changed = {key: by_zone for key, by_zone in by_key.items() if known.get(key) != by_zone}
    gone = set() if keeps_others else known.keys() - by_key.keys()
    if stale := [{"key": key} for key in known if key in changed or key in gone]:
        connection.execute(_DROP_SLOTS, stale)
        connection.info[_IS_FILLED_NOW] = True  # behind the first statement, which begins
    rows = [
        _slot_row(key, zone, each)
        for key, by_zone in changed.items()
        for zone, of_zone in by_zone.items()
        for each in of_zone
    ]
    if rows:
        connection.execute(_INSERT[slot.name], rows)
        connection.info[_IS_FILLED_NOW] = True
    known |= changed
    for key in gone:
        del known[key]


def fill_zone_clocks(connection: Connection, clocks: ZoneClocks) -> None:
    """Fill the table with the local times; skipped where the connection has just these."""
    if connection.info.get(_FILLED_WITH) is clocks:
        return
    rows: list[dict[str, object]] = [
        {"zone": zone, "local_day": each.local_day, "quiet_until": each.quiet_until}
        for zone, each in clocks.items()
    ]
    _refill(connection, zone_clock, rows)
    connection.info[_FILLED_WITH] = clocks


def fill_borders(connection: Connection, borders: Mapping[str, Iterable[datetime]]) -> None:
    """Fill the table with each zone's instants."""
    rows: list[dict[str, object]] = [
        {"zone": zone, "at": at} for zone, instants in borders.items() for at in instants
    ]
    _refill(connection, border, rows)


def fill_numbers(
    connection: Connection,
    table: sa.Table,
    query: sa.Select[Any],
    parameters: Mapping[str, object] | None = None,
) -> int:
    """Fill :data:`sample` or :data:`wave` with what a query finds: a subscriber's id, and a number.

    Returns how many.
    """
    _refill(connection, table, [])
    statement = sa.insert(table).from_select(["subscriber_id", "number"], query)
    statement = statement.execution_options(preserve_rowcount=True)
    return connection.execute(statement, parameters).rowcount


@sa.event.listens_for(Engine, "begin")
def _keep(connection: Connection) -> None:
    """What an earlier transaction filled was committed."""
    connection.info.pop(_IS_FILLED_NOW, None)


@sa.event.listens_for(Engine, "rollback")
def _forget(connection: Connection) -> None:
    """A rollback undoes what was filled; a lost connection has no tables."""
    if not connection.invalidated and connection.info.pop(_IS_FILLED_NOW, False):
        connection.info.pop(_FILLED_WITH, None)
        connection.info.pop(_SLOTS, None)


def _slot_row(key: str, zone: str, one: Slot) -> dict[str, object]:
    return {
        "email_key": key,
        "zone": zone,
        "joined_from": one.joined_from or EARLIEST,
        "joined_before": one.joined_before or LATEST,
        "due": one.due,
        "local_day": one.day,
        "expires_at": one.expires,
        "is_due_at_joining": one.is_due_at_joining,
        "reason": one.reason.value if one.reason else None,
    }


def _refill(connection: Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    connection.exec_driver_sql(_create(table, connection.dialect))
    connection.info[_IS_FILLED_NOW] = True
    connection.execute(_EMPTY[table.name])
    if rows:
        connection.execute(_INSERT[table.name], rows)


@lru_cache(maxsize=8)
def _create(table: sa.Table, dialect: Dialect) -> str:
    """Cached: SQLAlchemy would compile it for each claim."""
    return str(sa.schema.CreateTable(table, if_not_exists=True).compile(dialect=dialect))


_TABLES = (slot, zone_clock, border, sample, wave)
_DROP_SLOTS = sa.delete(slot).where(slot.c.email_key == sa.bindparam("key"))
_EMPTY = {table.name: sa.delete(table) for table in _TABLES}
_INSERT = {table.name: sa.insert(table) for table in _TABLES}
