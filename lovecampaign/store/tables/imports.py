"""Temporary tables of an import.

Only its own connection sees them: filling them takes no lock that a sender could wait for, and a
process that dies leaves nothing behind. Verdicts have a narrow table of their own: SQLite takes 0.5
µs to rewrite a whole row for one word.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import Instant


class RowVerdict(StrEnum):
    """The verdict on a row of an import; the values are the counts in JSON."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"  #: nothing new, or overruled by a later row of the file
    PROTECTED = "protected"  #: suppressed or forgotten here: never revived
    SUPPRESSED = "suppressed"  #: unsubscribed elsewhere, as the file says


_metadata = sa.MetaData()

#: The file's rows. Written once, but for rows that share an address with another.
import_row = sa.Table(
    "import_row",
    _metadata,
    #: In the order of the file.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("address_key", sa.Text, nullable=False),
    #: NULL while no subscriber was ever forgotten here.
    sa.Column("address_hash", sa.Text),
    #: Set: the row suppresses; NULL: it subscribes.
    sa.Column("reason", sa.Text),
    sa.Column("since", Instant),
    #: As in :data:`suppression`.
    sa.Column("mailbox", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("first_name", sa.Text),
    sa.Column("last_name", sa.Text),
    sa.Column("timezone", sa.Text),
    sa.Column("locale", sa.Text),
    sa.Column("fields", sa.JSON),
    #: A tag set of :data:`import_tag`; 0 is none.
    sa.Column("tag_set", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_active_at", Instant),
    sa.Column("consent_kind", sa.Text),
    sa.Column("consent_at", Instant),
    sa.Column("consent_source", sa.Text),
    sa.Column("consent_confirmed_at", Instant),
    sa.Column("consent_expires_at", Instant),
    #: The later row for the same address that counts instead of this one.
    sa.Column("overruled_by", sa.Integer),
    prefixes=["TEMPORARY"],
)

#: Thousands of rows have the same few tags: each combination is written once.
import_tag = sa.Table(
    "import_tag",
    _metadata,
    sa.Column("tag_set", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("tag", sa.Text, primary_key=True),
    prefixes=["TEMPORARY"],
)

import_verdict = sa.Table(
    "import_verdict",
    _metadata,
    sa.Column("row_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("verdict", sa.Text, nullable=False),
    #: The known subscriber; on SQLite also the id of a new one.
    sa.Column("subscriber_id", sa.BigInteger),
    #: Whether a known subscriber's fields may change, which needs a comparison of the JSON.
    sa.Column("has_other_fields", sa.Boolean, nullable=False),
    #: All of their fields, where they do change.
    sa.Column("fields", sa.JSON),
    prefixes=["TEMPORARY"],
)

#: Unconfirmed subscribers of the file: they get no verdict, since they change nothing.
import_left_out = sa.Table(
    "import_left_out",
    _metadata,
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("address_key", sa.Text, nullable=False),
    prefixes=["TEMPORARY"],
)

#: Made after :data:`import_row` is full, which is faster.
_INDEXES = (
    "CREATE INDEX import_row_by_address ON import_row (address_key)",
    "CREATE INDEX import_row_gone ON import_row (address_key) WHERE reason IS NOT NULL",
)
#: For this connection, which is closed afterwards. Must run before BEGIN.
_PREPARE_SQLITE = (
    # Ten million rows do not fit into memory.
    "PRAGMA temp_store=FILE",
    # KiB: with the default of 2,000, pages are written and read several times in one import.
    "PRAGMA cache_size=-32000",
    # Each inserted subscriber id was read from its table in the same transaction, under the write
    # lock: the foreign key check took 1.5 µs per row.
    "PRAGMA foreign_keys=OFF",
)
#: The verdicts are one long statement; compiling it (JIT) took 3 s for 30,000 rows.
_PREPARE_POSTGRES = "SET jit = off"


@contextlib.contextmanager
def open_staging(database: Database) -> Iterator[Connection]:
    """A connection with empty staging tables, outside any transaction."""
    with database.connection() as connection:
        try:
            if connection.dialect.name == "sqlite":
                cursor = connection.connection.cursor()
                for pragma in _PREPARE_SQLITE:
                    cursor.execute(pragma)
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.text(_PREPARE_POSTGRES))
                _metadata.create_all(connection, checkfirst=False)
            yield connection
        finally:
            connection.invalidate()  # closed, not pooled: with it go the tables and the settings


def prepare_for_lookups(connection: Connection) -> None:
    """Index the staged rows."""
    for statement in _INDEXES:
        connection.execute(sa.text(statement))
    analyse(connection, import_row, import_tag, import_left_out)


def analyse(connection: Connection, *tables: sa.Table) -> None:
    """Update PostgreSQL's statistics: it takes a new table for tiny and loops over all of it."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"ANALYZE {', '.join(table.name for table in tables)}"))
