"""Databases of tests, quickly: copies of one with all tables, and shared compiled SQL.

Migrations take 0.15 s on SQLite. And each test opens an engine of its own, for which SQLAlchemy
would compile all statements anew: a fifth of the time of a test that sends.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database

SQLITE = "sqlite:///lovecampaign.db"
_COMPILED: dict[Any, Any] = {}


def open_new_database(settings: Settings) -> Database:
    """The database of a new workspace; on SQLite its tables are a copy of ready ones."""
    if settings.database_url == SQLITE:
        lay_tables(settings.workspace)
    return open_database(settings)


def lay_tables(workspace: Path) -> None:
    """A database of SQLite with all tables, and nothing in them."""
    file = workspace / "lovecampaign.db"
    file.touch(mode=0o600)
    file.write_bytes(_migrated_sqlite())


@functools.cache
def _migrated_sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_database(Settings(workspace=Path(folder), secret_keys=("test-key",))).close()
        return (Path(folder) / "lovecampaign.db").read_bytes()


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
