"""Write probe: tries a write that changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

from lovecampaign.core.errors import Unreachable
from lovecampaign.store.database.engine import Database

#: How long another write may take before the database counts as not writable.
TIMEOUT_SECONDS = 0.8


def is_writable(file: Path) -> bool:
    """Whether SQLite may write the file and its journal beside it; False on a read-only mount."""
    return os.access(file.parent, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


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


def _try_to_write(database: Database) -> str | None:
    with database.write() as connection:  # SQLite: BEGIN IMMEDIATE and COMMIT
        if database.is_sqlite:
            return None
        # A replica, or a server that was set to read-only (a full disk, a failover).
        said = connection.exec_driver_sql("SHOW transaction_read_only").scalar_one()
        return None if said == "off" else "it is read-only"
