"""Copies of a database: a backup file while mail goes out, or all rows into another database.

A backup is a SQLite file, whatever database it comes from, with one consistent state: that of the
moment when copying began.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.core.private_files import make_private_file
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.tables import metadata

ROWS_AT_A_TIME = 5_000
#: Of attachments: each may have megabytes.
_FILES_AT_A_TIME = 4


def back_up(database: Database, file: Path) -> None:
    """Write a consistent copy to a new file.

    Raises UsageError where the file exists, and Unreachable where it cannot be written.
    """
    if file.exists():
        raise UsageError(f"{file} exists already", hint="name a file that does not exist yet")
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        make_private_file(part)
        if database.is_sqlite:
            _copy_sqlite(database, part)
        else:
            _copy_to_sqlite(database, part)
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        raise Unreachable(
            f"the copy {file} cannot be written: {error}",
            hint="free some space, or name another folder",
        ) from error
    finally:
        for leftover in part.parent.glob(part.name + "*"):
            leftover.unlink(missing_ok=True)


def copy_everything(source: Database, target: Database) -> Mapping[str, int]:
    """Write every row of one database into another, which has the tables and no rows.

    One state of the source, and all of it or nothing; returns the number of rows per table. Raises
    UsageError where the target is not empty.
    """
    with source.read() as rows_from, target.write() as into:
        _require_empty(into, target.name)
        copied = {
            table.name: _copy_table(rows_from, into, table) for table in metadata.sorted_tables
        }
        _advance_sequences(into)
    return copied


def _copy_sqlite(database: Database, part: Path) -> None:
    if database.file is None:
        raise ValueError("an SQLite database has a file")
    with (
        contextlib.closing(sqlite3.connect(database.file)) as source,
        contextlib.closing(sqlite3.connect(part)) as target,
    ):
        source.backup(target)  # one pass in one read transaction: consistent


def _copy_to_sqlite(database: Database, part: Path) -> None:
    settings = Settings(workspace=part.parent.resolve(), database_url=f"sqlite:///{part.resolve()}")
    with contextlib.closing(open_database(settings)) as target:
        with database.read() as source, target.write() as into:
            for table in metadata.sorted_tables:
                _copy_table(source, into, table)
        with target.own_connection() as connection:  # one file, without WAL beside it
            connection.connection.cursor().execute("PRAGMA journal_mode=DELETE")


def _copy_table(source: Connection, into: Connection, table: sa.Table) -> int:
    """Returns how many rows there were. Memory stays flat."""
    count = 0
    has_files = any(isinstance(column.type, sa.LargeBinary) for column in table.c)
    at_a_time = _FILES_AT_A_TIME if has_files else ROWS_AT_A_TIME
    rows = source.execution_options(yield_per=at_a_time).execute(sa.select(table)).mappings()
    for part in rows.partitions():
        into.execute(sa.insert(table), [dict(row) for row in part])
        count += len(part)
    return count


def _require_empty(into: Connection, name: str) -> None:
    for table in metadata.sorted_tables:
        if into.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise UsageError(
                f"{name} is not empty: its table {table.name} has rows",
                hint="name an empty database: nothing is mixed or overwritten",
            )


def _advance_sequences(into: Connection) -> None:
    """Set PostgreSQL's sequences behind the highest copied ids."""
    if into.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = into.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
        highest = into.scalar(sa.select(sa.func.max(column)))
        if sequence is not None and highest is not None:
            into.execute(sa.select(sa.func.setval(sequence, highest)))
