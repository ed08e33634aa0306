"""Schema version: check it, and upgrade the tables with Alembic.

Alembic is imported only when a database is behind: it costs 0.7 s. On SQLite the first use
upgrades, under a lock on a file beside the database. On PostgreSQL the first use fills an empty
database, under an advisory lock; an existing one is upgraded by ``db upgrade`` only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.core.private_files import make_private_file, open_private
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.connect import connect, connect_directly
from lovecampaign.store.database.driver_errors import read_only
from lovecampaign.store.database.engine import Database

#: The newest migration; a test compares it with the scripts.
HEAD = "0029"
#: An arbitrary number, unlikely to be used on the same server ("love" in ASCII).
ADVISORY_LOCK = 0x6C6F7665


def connect_database(settings: Settings) -> Database:
    """The workspace's database as it is, perhaps without tables."""
    direct = connect_directly(settings.database_direct_url)
    engine = connect(settings.database_url, settings.workspace, is_pooled=direct is not None)
    return Database(engine, direct)


def open_database(settings: Settings) -> Database:
    """The workspace's database, with the newest tables.

    Raises Unreachable where it cannot be reached or is newer than this program, and UsageError
    where an operator must run ``db upgrade`` first.
    """
    database = connect_database(settings)
    try:
        _require_newest(database)
    except BaseException:
        database.close()
        raise
    return database


def find_database(settings: Settings) -> tuple[Database, str | None]:
    """The database as it is, and the version of its tables; None where there are none.

    For read-only commands: nothing is created or upgraded. Raises Unreachable where it cannot be
    reached or is newer than this program.
    """
    database = connect_database(settings)
    try:
        is_there = database.file is None or database.file.exists()
        version = find_version(database) if is_there else None
        _refuse_newer(database, version)
    except BaseException:
        database.close()
        raise
    return database, version


def find_version(database: Database) -> str | None:
    """The current migration; None for an empty database."""
    with database.read() as connection:
        return _version_on(connection)


def upgrade(database: Database) -> bool:
    """Upgrade the tables to the newest version; returns whether anything changed."""
    with _upgrade_lock(database):
        with database.read() as connection:
            version = _version_on(connection)
        if version == HEAD:
            return False
        _refuse_newer(database, version)
        with database.rebuild() as connection:
            _run_migrations(connection)
        return True


def _require_newest(database: Database) -> None:
    if database.is_sqlite:
        upgrade(database)
        return
    version = find_version(database)
    if version is None:
        upgrade(database)
    elif version != HEAD:
        _refuse_newer(database, version)
        raise UsageError(
            f"the tables in {database.name} are older than this program",
            hint="type: lovecampaign db upgrade",
        )


def _version_on(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _refuse_newer(database: Database, version: str | None) -> None:
    if version is not None and version > HEAD:
        raise Unreachable(
            f"the tables in {database.name} were made by a newer lovecampaign ({version})",
            hint="update this one: pip install --upgrade lovecampaign",
        )


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextlib.contextmanager
def _upgrade_lock(database: Database) -> Iterator[None]:
    if database.file is not None:
        with _file_lock(database.file):
            database.use_wal()
            yield
        return
    with database.write() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        yield


@contextlib.contextmanager
def _file_lock(file: Path) -> Iterator[None]:
    try:
        descriptor = open_private(file.with_name(file.name + ".lock"), os.O_WRONLY)
        make_private_file(file)  # SQLite gives its mode to the WAL
    except OSError as error:
        if file.exists():  # another file would be an empty ledger, and everyone gets mail again
            raise read_only(str(file)) from error
        raise Unreachable(
            f"the database {file} cannot be made there: {error.strerror}",
            hint="name a file in a folder that exists and that you may write to",
        ) from error
    with os.fdopen(descriptor, "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
