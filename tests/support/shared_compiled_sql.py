"""One cache of compiled SQL for all engines of a test process.

Each test opens an engine of its own, and SQLAlchemy would compile all statements anew for it: a
fifth of the time of a test that sends.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_COMPILED: dict[Any, Any] = {}


def share_compiled_sql() -> None:
    """From now on, engines of one dialect share what is compiled: their settings are the same."""
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        # The dialect is part of a statement's key, and compares by identity.
        setattr(dialect, "__eq__", _is_of_one_class)  # noqa: B010 - mypy knows no other way
        setattr(dialect, "__hash__", _hash_class)  # noqa: B010
    sa.event.listen(sa.Engine, "engine_connect", _use_shared_cache)


def _is_of_one_class(one: object, other: object) -> bool:
    return type(one) is type(other)


def _hash_class(one: object) -> int:
    return hash(type(one))


def _use_shared_cache(connection: sa.Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)
