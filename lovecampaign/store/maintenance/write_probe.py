"""Would a write be let in now? Tried with one that changes nothing."""

from __future__ import annotations

import os

from lovecampaign.core.errors import Unreachable
from lovecampaign.store.database.engine import Database

#: How long another's write may take before we say that nothing can be written.
PATIENCE_SECONDS = 0.8


def find_write_fault(database: Database) -> str | None:
    """Why nothing can be written, in words without a path; None where a write is let in."""
    if database.file is not None:
        if not database.file.exists():
            return "its file was moved or deleted"
        if not (os.access(database.file, os.W_OK) and os.access(database.file.parent, os.W_OK)):
            return "its file, or the folder around it, may only be read"
    try:
        return _try_to_write(database.with_busy_timeout(PATIENCE_SECONDS))
    except Unreachable:
        return "somebody else writes and does not end" if database.is_sqlite else "no answer"


def _try_to_write(database: Database) -> str | None:
    with database.write() as connection:  # SQLite: BEGIN IMMEDIATE and the end of it, no more
        if database.is_sqlite:
            return None
        # A replica, or a server that was told to take no more (a full disk, a failover).
        said = connection.exec_driver_sql("SHOW transaction_read_only").scalar_one()
        return None if said == "off" else "it may only be read"
