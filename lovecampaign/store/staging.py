"""Where do the rows of an import wait until all of them are known to be right?

In temporary tables, seen by one connection only: filling them takes no lock that a sender could
wait for, and a process that dies leaves nothing behind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

from lovecampaign.audience.decisions import Subscribe, Suppress
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
        self._rows: list[Mapping[str, object]] = []
        self._tags: list[Mapping[str, object]] = []

    def add(self, decision: Subscribe | Suppress) -> None:
        self._count += 1
        if isinstance(decision, Suppress):
            self._rows.append(self._suppress_row(decision))
        else:
            self._rows.append(self._subscribe_row(decision))
            self._tags.extend({"row_id": self._count, "tag": tag} for tag in decision.tags)
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
        if self._rows:
            self._connection.execute(sa.insert(import_row), self._rows)
        if self._tags:
            self._connection.execute(sa.insert(import_tag), self._tags)
        self._rows, self._tags = [], []

    def _subscribe_row(self, person: Subscribe) -> dict[str, object]:
        consent = person.consent
        return {
            **self._address(person.key),
            "reason": None,
            "since": None,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "timezone": person.timezone,
            "fields": dict(person.fields),
            "last_active_at": person.last_active_at,
            "consent_kind": consent.kind.value if consent else None,
            "consent_at": consent.given_at if consent else None,
            "consent_source": consent.source if consent else None,
            "consent_confirmed_at": consent.confirmed_at if consent else None,
            "consent_expires_at": consent.expires_at if consent else None,
        }

    def _suppress_row(self, decision: Suppress) -> dict[str, object]:
        empty = dict.fromkeys(column.name for column in import_row.c)
        del empty["subscriber_id"], empty["overruled_by"], empty["verdict"]
        return {
            **empty,
            **self._address(decision.key),
            "reason": decision.reason.value,
            "since": decision.since,
        }

    def _address(self, key: str) -> dict[str, object]:
        hashed = self._hash_address(key) if self._hash_address else None
        return {"id": self._count, "address_key": key, "address_hash": hashed}


def _driver_cursor(connection: Connection) -> DBAPICursor:
    return connection.connection.cursor()
