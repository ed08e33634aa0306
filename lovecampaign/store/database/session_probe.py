"""Finds out whether a pooler in transaction mode stands before PostgreSQL.

It lends a session to others between two transactions. An advisory lock of a sender, which shows
that it is alive, would stay on a session that it does not have any more, and LISTEN hears nothing.
"""

from __future__ import annotations

import contextlib
import secrets

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.errors import UsageError
from lovecampaign.store.database.connect import DIRECT_SETTING
from lovecampaign.store.database.engine import Database

#: With other clients at work, the pooler may hand out another session than the one with the lock.
_ROUNDS = 10
#: Arbitrary; the second key is random for each probe.
_PROBE_LOCK = 0x6C6F7670


def require_sessions(database: Database) -> None:
    """Raises UsageError where a lock of one connection can be taken by another meanwhile."""
    if database.is_sqlite or database.has_sessions:
        return
    if _is_pooled(database):
        raise UsageError(
            f"{database.name} goes through a pooler that lends sessions to others (PgBouncer's "
            "pool_mode=transaction), so the locks of senders would not hold",
            hint=f"set {DIRECT_SETTING} to the URL of PostgreSQL itself: only locks and "
            "notifications go there, one or two connections for each process",
        )
    database.has_sessions = True


def _is_pooled(database: Database) -> bool:
    with database.own_connection() as first:
        if _is_direct(first):
            return False
        # Something is between: it may keep sessions (pool_mode=session), which is fine.
        return any(_is_lent(database, first, secrets.randbelow(2**31)) for _ in range(_ROUNDS))


def _is_direct(connection: Connection) -> bool:
    """Whether the server's process is the one of the login, which a pooler makes up."""
    with contextlib.suppress(AttributeError):
        # A detached connection has no ``driver_connection``.
        named = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
        found = connection.scalar(sa.select(sa.func.pg_backend_pid()))
        connection.rollback()
        return bool(named == found)
    return False


def _is_lent(database: Database, first: Connection, key: int) -> bool:
    """Take a session lock, and try to take it again through another connection."""
    lock = {"class": _PROBE_LOCK, "key": key}
    first.execute(_LOCK, lock)
    first.commit()
    with database.own_connection() as second:
        is_lent = bool(second.scalar(_LOCK, lock))
        for _ in range(2):  # a session counts how often it took a lock
            second.execute(_UNLOCK, lock)
        second.commit()
    first.execute(_UNLOCK, lock)
    first.commit()
    return is_lent


_LOCK = sa.text("SELECT pg_try_advisory_lock(:class, :key)")
#: Only what this session holds: an unlock of what it does not hold would warn.
_UNLOCK = sa.text(
    "SELECT pg_advisory_unlock(:class, :key) FROM pg_locks WHERE locktype = 'advisory'"
    " AND pid = pg_backend_pid() AND classid = :class AND objid = :key"
)
