"""Write probes, which change nothing."""

from __future__ import annotations

import contextlib

import sqlalchemy as sa

from lovecampaign.core.errors import DatabaseBusy, Unreachable
from lovecampaign.store.database.driver_errors import is_writable, read_only
from lovecampaign.store.database.engine import Database

#: How long another write may take before the database counts as not writable.
TIMEOUT_SECONDS = 0.8


def find_write_fault(database: Database) -> str | None:
    """Why nothing can be written, without a path; None where a write works."""
    if database.file is not None:
        if not database.file.exists():
            return "its file was moved or deleted"
        if not is_writable(database.file):
            return "its file or folder is read-only"
    try:
        return _try_to_write(database.with_busy_timeout(TIMEOUT_SECONDS))
    except Unreachable:
        return "another process holds its write lock" if database.is_sqlite else "no answer"


def probe_write(database: Database) -> None:
    """Write what is there already, durably; raises LovecampaignError where that fails.

    Without tables, only the permissions are looked at: nothing is created.
    """
    if database.file is not None and not is_writable(database.file):
        raise read_only(database.name)
    if database.file is not None and not database.file.exists():
        return
    with database.read() as connection:
        has_tables = sa.inspect(connection).has_table("alembic_version")
    if has_tables:
        with (
            contextlib.suppress(DatabaseBusy),  # another process writes right now
            database.with_busy_timeout(TIMEOUT_SECONDS).write() as connection,
        ):
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
    elif not database.is_sqlite:
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE lovecampaign_probe (id int)")
            connection.rollback()


def _try_to_write(database: Database) -> str | None:
    with database.write() as connection:  # SQLite: BEGIN IMMEDIATE and COMMIT
        if database.is_sqlite:
            return None
        # A replica, or a server that was set to read-only (a full disk, a failover).
        said = connection.exec_driver_sql("SHOW transaction_read_only").scalar_one()
        return None if said == "off" else "it is read-only"
