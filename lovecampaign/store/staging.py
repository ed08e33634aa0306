"""Where do the rows of an import wait until all of them are known to be right?

In temporary tables, seen by one connection only: filling them takes no lock that a sender could
wait for, and a process that dies leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

from lovecampaign.audience.decisions import Subscribe, Suppress
from lovecampaign.audience.subscriber import Consent
from lovecampaign.store.columns import to_microseconds
from lovecampaign.store.database import Database
from lovecampaign.store.tables import Instant

#: Rows per statement: memory stays flat, and larger chunks measured no faster.
CHUNK = 2_000


class Verdict(StrEnum):
    """What an import does with a row; the words are the counts of INTERFACE.md."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"  #: says nothing new, or a later row of the file speaks for it
    PROTECTED = "protected"  #: left, bounced, complained or was forgotten: never revived
    SUPPRESSED = "suppressed"  #: the file says that they left elsewhere: noted here


_metadata = sa.MetaData()

import_row = sa.Table(
    "import_row",
    _metadata,
    #: In the order of the file.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("address_key", sa.Text, nullable=False),
    #: NULL where nobody was ever forgotten here.
    sa.Column("address_hash", sa.Text),
    #: Set: the row suppresses; NULL: it subscribes.
    sa.Column("reason", sa.Text),
    sa.Column("since", Instant),
    sa.Column("email", sa.Text),
    sa.Column("first_name", sa.Text),
    sa.Column("last_name", sa.Text),
    sa.Column("timezone", sa.Text),
    sa.Column("fields", sa.JSON),
    sa.Column("last_active_at", Instant),
    sa.Column("consent_kind", sa.Text),
    sa.Column("consent_at", Instant),
    sa.Column("consent_source", sa.Text),
    sa.Column("consent_confirmed_at", Instant),
    sa.Column("consent_expires_at", Instant),
    sa.Column("subscriber_id", sa.BigInteger),
    #: The later row for the same address that counts instead of this one.
    sa.Column("overruled_by", sa.Integer),
    sa.Column("verdict", sa.Text),
    prefixes=["TEMPORARY"],
)

import_tag = sa.Table(
    "import_tag",
    _metadata,
    sa.Column("row_id", sa.Integer, nullable=False),
    sa.Column("tag", sa.Text, nullable=False),
    prefixes=["TEMPORARY"],
)
#: The columns that staging fills, in the order of the table; the others come with the verdict.
_STAGED = tuple(column.name for column in import_row.c)[:-3]
_TAG = tuple(column.name for column in import_tag.c)
_NO_CONSENT = (None,) * 5
#: Made after the tables are full, which is faster.
_INDEXES = (
    "CREATE INDEX import_row_by_address ON import_row (address_key, id)",
    "CREATE INDEX import_tag_by_row ON import_tag (row_id)",
)

HashAddress = Callable[[str], str]


@contextlib.contextmanager
def open_staging(database: Database) -> Iterator[Connection]:
    """A connection with empty staging tables, outside any transaction."""
    with database.connection() as connection:
        if database.is_sqlite:
            # Ten million rows do not fit into memory; it must be said before BEGIN.
            _driver_cursor(connection).execute("PRAGMA temp_store=FILE")
        with connection.begin():
            _metadata.create_all(connection, checkfirst=False)
        try:
            yield connection
        finally:
            connection.invalidate()  # closed, not pooled: with it go the tables and the setting


class Stage:
    """Takes decisions one by one and writes them chunk by chunk."""

    def __init__(self, connection: Connection, hash_address: HashAddress | None = None) -> None:
        """``hash_address`` where somebody was forgotten: only then hashes are compared."""
        self._connection = connection
        self._hash_address = hash_address
        self._count = 0
        self._rows: list[tuple[object, ...]] = []
        self._tags: list[tuple[int, str]] = []

    def add(self, decision: Subscribe | Suppress) -> None:
        self._count += 1
        if isinstance(decision, Suppress):
            self._rows.append(self._suppress_row(decision))
        else:
            self._rows.append(self._subscribe_row(decision))
            self._tags += [(self._count, tag) for tag in decision.tags]
        if len(self._rows) >= CHUNK:
            self._write()

    def finish(self) -> None:
        """Write the rest, and make the tables quick to look things up in."""
        self._write()
        for statement in _INDEXES:
            self._connection.execute(sa.text(statement))
        if self._connection.dialect.name == "postgresql":
            # Without it the planner takes a temporary table for tiny and loops over all of it.
            self._connection.execute(sa.text("ANALYZE import_row, import_tag"))

    def _write(self) -> None:
        """By the driver: SQLAlchemy takes four times as long for a row as SQLite."""
        if self._rows:
            self._connection.exec_driver_sql(self._insert("import_row", _STAGED), self._rows)
        if self._tags:
            self._connection.exec_driver_sql(self._insert("import_tag", _TAG), self._tags)
        self._rows, self._tags = [], []

    def _insert(self, table: str, columns: Sequence[str]) -> str:
        place = "?" if self._connection.dialect.name == "sqlite" else "%s"
        places = ", ".join([place] * len(columns))
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - ours

    def _subscribe_row(self, person: Subscribe) -> tuple[object, ...]:
        """The values of ``_STAGED``, as the columns' types would store them."""
        consent = person.consent
        return (
            *self._address(person.key),
            None,
            None,
            person.email,
            person.first_name,
            person.last_name,
            person.timezone,
            json.dumps(person.fields) if person.fields else "{}",
            _stored(person.last_active_at),
            *(_NO_CONSENT if consent is None else _consent_cells(consent)),
        )

    def _suppress_row(self, decision: Suppress) -> tuple[object, ...]:
        said = (decision.reason.value, _stored(decision.since))
        return (*self._address(decision.key), *said, *(None,) * 6, *_NO_CONSENT)

    def _address(self, key: str) -> tuple[int, str, str | None]:
        return (self._count, key, self._hash_address(key) if self._hash_address else None)


def _consent_cells(consent: Consent) -> tuple[object, ...]:
    return (
        consent.kind.value,
        to_microseconds(consent.given_at),
        consent.source,
        _stored(consent.confirmed_at),
        _stored(consent.expires_at),
    )


def _stored(instant: datetime | None) -> int | None:
    return None if instant is None else to_microseconds(instant)


def _driver_cursor(connection: Connection) -> DBAPICursor:
    return connection.connection.cursor()
