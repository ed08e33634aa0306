"""Where does SQL find the slots, and today's date in each zone?

Both are tables of the connection's own (TEMP), filled anew for each question: a campaign's
times live in its files, and only the answers are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.schedule.slots import Slot
from lovecampaign.store.tables import Day, Instant, subscriber

#: Stand for "ever before" and "ever after": comparisons need no NULLs. Microseconds fit 64 bits.
DAWN = datetime(1, 1, 2, tzinfo=UTC)
DUSK = datetime(9999, 12, 30, tzinfo=UTC)

_temporary = sa.MetaData()

#: One row per email, zone and interval of joining; ``zone`` as the subscriber's row has it.
slot = sa.Table(
    "tmp_slot",
    _temporary,
    sa.Column("email_key", sa.Text, primary_key=True),
    sa.Column("zone", sa.Text, primary_key=True),
    sa.Column("joined_from", Instant, primary_key=True),
    sa.Column("joined_before", Instant, nullable=False),
    sa.Column("due", Instant, nullable=False),
    #: The local day on which it goes out, for emails of which there is one a day.
    sa.Column("local_day", Day),
    sa.Column("expires_at", Instant),
    sa.Column("is_due_at_joining", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text),
    prefixes=["TEMPORARY"],
)

#: The local date of one instant, by zone as the subscriber's row has it.
zone_day = sa.Table(
    "tmp_zone_day",
    _temporary,
    sa.Column("zone", sa.Text, primary_key=True),
    sa.Column("local_day", Day, nullable=False),
    prefixes=["TEMPORARY"],
)


def zones_in_use(connection: Connection) -> list[str]:
    """Every zone that a subscriber has, as stored; '' where nobody knows one."""
    return list(connection.scalars(sa.select(subscriber.c.timezone).distinct()))


def fill_slots(connection: Connection, slots: Mapping[str, Mapping[str, Iterable[Slot]]]) -> None:
    """Lay out the slots of each email key, by stored zone."""
    rows = [
        _slot_row(key, zone, each)
        for zone, by_email in slots.items()
        for key, found in by_email.items()
        for each in found
    ]
    _refill(connection, slot, rows)


def fill_zone_days(connection: Connection, days: Mapping[str, date]) -> None:
    rows = [{"zone": zone, "local_day": day} for zone, day in days.items()]
    _refill(connection, zone_day, rows)


def _slot_row(key: str, zone: str, found: Slot) -> dict[str, object]:
    return {
        "email_key": key,
        "zone": zone,
        "joined_from": found.joined_from or DAWN,
        "joined_before": found.joined_before or DUSK,
        "due": found.due,
        "local_day": found.day,
        "expires_at": found.expires,
        "is_due_at_joining": found.is_due_at_joining,
        "reason": found.reason.value if found.reason else None,
    }


def _refill(connection: Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
    connection.execute(sa.delete(table))
    if rows:
        connection.execute(sa.insert(table), rows)
