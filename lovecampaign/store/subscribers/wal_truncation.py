"""Truncation of SQLite's write-ahead log after an erasure.

Until a checkpoint the WAL holds the pages from before the erasure, and a checkpoint waits for
readers. So the erasing transaction leaves a request in the database, which any process fulfils.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.errors import DatabaseBusy
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import setting

_REQUEST = "wal_truncation"


def request_wal_truncation(connection: Connection) -> None:
    """Ask for a truncation after this transaction; nothing to do on PostgreSQL."""
    if connection.dialect.name == "sqlite":
        connection.execute(sa.delete(setting).where(setting.c.name == _REQUEST))
        statement = insert_or_ignore(connection, setting)
        connection.execute(statement.values(name=_REQUEST, value=secrets.token_hex(8)))


def truncate_wal_if_due(database: Database) -> bool:
    """Fulfil the request, if there is one; False while a reader prevents it.

    A request that arrives during the truncation stays.
    """
    if not database.is_sqlite:
        return True
    with database.read() as connection:
        request = connection.scalar(sa.select(setting.c.value).where(setting.c.name == _REQUEST))
    if request is None:
        return True
    if not database.truncate_wal():
        return False
    is_fulfilled = (setting.c.name == _REQUEST, setting.c.value == request)
    try:
        with database.with_busy_timeout(1).write() as connection:
            connection.execute(sa.delete(setting).where(*is_fulfilled))
    except DatabaseBusy:
        return False  # truncated once more at the next time
    return True
