"""``INSERT … ON CONFLICT`` for the connection's database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Insert: TypeAlias = "postgresql.Insert | sqlite.Insert"
InsertInto: TypeAlias = "Callable[[sa.Table], Insert]"
#: SQLAlchemy has one INSERT with ON CONFLICT per database.
INSERT_INTO: Mapping[str, InsertInto] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(connection: Connection, table: sa.Table) -> Insert:
    """``INSERT``, for the connection's database."""
    return INSERT_INTO[connection.dialect.name](table)


def insert_or_ignore(connection: Connection, table: sa.Table) -> Insert:
    """``INSERT … ON CONFLICT DO NOTHING``."""
    return insert_into(connection, table).on_conflict_do_nothing()
