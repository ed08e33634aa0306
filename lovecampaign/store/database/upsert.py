"""``INSERT … ON CONFLICT`` for the connection's database."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = "postgresql.Insert | sqlite.Insert"
InsertInto: TypeAlias = "Callable[[sa.Table], Insert]"
Statement = TypeVar("Statement")


def insert_into(connection: Connection, table: sa.Table) -> Insert:
    """``INSERT``, for the connection's database."""
    return _insert_of(connection.dialect.name)(table)


def insert_or_ignore(connection: Connection, table: sa.Table) -> Insert:
    """``INSERT … ON CONFLICT DO NOTHING``."""
    return insert_into(connection, table).on_conflict_do_nothing()


def built_once(build: Callable[[InsertInto], Statement]) -> Callable[[Connection], Statement]:
    """A statement for the connection's database: to build one costs more than it takes there."""

    @cache
    def built(dialect: str) -> Statement:
        return build(_insert_of(dialect))

    return lambda connection: built(connection.dialect.name)


@cache
def _insert_of(dialect: str) -> InsertInto:
    """SQLAlchemy has one INSERT with ON CONFLICT per database; PostgreSQL's imports take 40 ms."""
    insert: InsertInto = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert
