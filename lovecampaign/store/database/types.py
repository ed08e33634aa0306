"""Column types: instants, local dates and keys.

Instants are stored as whole microseconds since 1970 in UTC: the same comparison and arithmetic on
SQLite and PostgreSQL. Closed sets are stored as the enum's text.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

#: SQLite numbers rows by itself only in a column declared INTEGER.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Nonce(FunctionElement[int]):
    """A random signed 64-bit number, drawn by the database for each row.

    It never comes again, and need not be secret: both databases seed their generators from the
    operating system.
    """

    name = "nonce"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(Nonce, "sqlite")
def _nonce_on_sqlite(_element: Nonce, _compiler: SQLCompiler, **_kwargs: object) -> str:
    return "random()"


@compiles(Nonce, "postgresql")
def _nonce_on_postgresql(_element: Nonce, _compiler: SQLCompiler, **_kwargs: object) -> str:
    half = "CAST(floor(random() * 4294967296) AS BIGINT)"
    return f"((({half} - 2147483648) << 32) | {half})"


class Instant(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class LocalDay(TypeDecorator[date]):
    """A local date as text ``2027-02-01``."""

    impl = sa.String(10)
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


def to_microseconds(instant: datetime) -> int:
    """Raises TypeError for a datetime without an offset."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    return EPOCH + value * MICROSECOND


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial_index(
    name: str,
    *columns: sa.ColumnElement[Any],
    where: sa.ColumnElement[bool],
    unique: bool = False,
) -> None:
    """An index of the rows that meet a condition, on both databases.

    Migrations make it on PostgreSQL. Its condition is not repeated for that one here: SQLAlchemy
    would import all of PostgreSQL's dialects, a tenth of what ``status`` takes.
    """
    sa.Index(name, *columns, unique=unique, sqlite_where=where)


class DomainOf(FunctionElement[str]):
    """The receiving domain of an address key: what follows its ``@``; '' or the whole without."""

    type = sa.Text()
    inherit_cache = True


@compiles(DomainOf, "sqlite")
def _domain_on_sqlite(element: DomainOf, compiler: SQLCompiler, **kw: Any) -> str:
    key = compiler.process(element.clauses, **kw)
    return f"substr({key}, instr({key}, '@') + 1)"


@compiles(DomainOf, "postgresql")
def _domain_on_postgresql(element: DomainOf, compiler: SQLCompiler, **kw: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **kw)}, '@', 2)"
