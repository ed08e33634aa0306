"""How is a copy made while mail goes out?

The copy is a SQLite file, whatever database it comes from: it opens anywhere, and holds one
consistent state, that of the moment when copying began.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.maintenance.copy import copy_table
from lovecampaign.store.tables import metadata


def back_up(database: Database, file: Path) -> None:
    """Write a consistent copy to a new file.

    Raises UsageError where the file exists, and Unreachable where it cannot be written.
    """
    if file.exists():
        raise UsageError(f"{file} exists already", hint="name a file that does not exist yet")
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        if database.is_sqlite:
            _copy_sqlite(database, part)
        else:
            _copy_rows(database, part)
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        raise Unreachable(
            f"the copy {file} cannot be written: {error}",
            hint="free some space, or name another folder",
        ) from error
    finally:
        for leftover in part.parent.glob(part.name + "*"):
            leftover.unlink(missing_ok=True)


def _copy_sqlite(database: Database, part: Path) -> None:
    if database.file is None:
        raise ValueError("an SQLite database has a file")
    with (
        contextlib.closing(sqlite3.connect(database.file)) as source,
        contextlib.closing(sqlite3.connect(part)) as target,
    ):
        source.backup(target)  # one pass in one read transaction: consistent


def _copy_rows(database: Database, part: Path) -> None:
    settings = Settings(workspace=part.parent.resolve(), database_url=f"sqlite:///{part.resolve()}")
    with contextlib.closing(open_database(settings)) as target:
        with database.read() as source, target.write() as into:
            for table in metadata.sorted_tables:
                copy_table(source, into, table)
        with target.own_connection() as connection:  # one file, without WAL beside it
            connection.connection.cursor().execute("PRAGMA journal_mode=DELETE")
