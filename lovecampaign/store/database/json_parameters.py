"""How does one statement take hundreds of rows as one value, or give them?

As a JSON array, which SQLite and PostgreSQL both take apart and put together. A parameter for each
value costs SQLAlchemy more than the database needs for the whole statement. And where rows are
fetched one by one from SQLite, Python's lock is let go and taken back for each: a thread that
claims and one that sends, on two cores, waited 0.7 times a letter so, and wait 0.05 times.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lovecampaign.store.database.types import BigKey


def json_parameter(values: Iterable[object]) -> str:
    """The parameter: numbers and texts, or a tuple of them for each row."""
    return json.dumps(list(values))


def json_rows(parameter: str, name: str) -> sa.TableValuedAlias:
    """The rows of a parameter that :func:`many` made, as a table with one column, ``value``."""
    rows = _Rows(sa.bindparam(parameter, type_=sa.Text))
    return rows.table_valued("value", name=name)


def number_at(rows: sa.TableValuedAlias, place: int) -> sa.ColumnElement[int]:
    """The number that stands at a place of each row, from 0."""
    return sa.cast(_Item(rows.c.value, sa.literal_column(str(place))), BigKey)


def text_at(rows: sa.TableValuedAlias, place: int) -> sa.ColumnElement[str]:
    """The text, or NULL, that stands at a place of each row, from 0."""
    return _Item(rows.c.value, sa.literal_column(str(place)))


def json_at(rows: sa.TableValuedAlias, place: int) -> sa.ColumnElement[Any]:
    """The object that stands at a place of each row, for a column of JSON."""
    return _Json(rows.c.value, sa.literal_column(str(place)))


def json_ids(parameter: str) -> sa.Select[Any]:
    """For ``IN``: the numbers of a parameter that :func:`many` made of plain numbers."""
    value = json_rows(parameter, f"each_of_{parameter}").c.value
    return sa.select(sa.cast(_Plain(value), BigKey))


def json_parameter_pairs(values: Mapping[int, str | None]) -> str:
    """The parameter for :func:`json_pairs`."""
    return json.dumps(values)


def json_pairs(parameter: str, name: str) -> sa.TableValuedAlias:
    """Numbers and their texts, as a table.

    A row for each pair would be taken apart once for each place: to note an answer took SQLite
    1.1 µs so, and takes 0.8.
    """
    pairs = _Pairs(sa.bindparam(parameter, type_=sa.Text))
    return pairs.table_valued("key", "value", name=name)


def pair_key(pairs: sa.TableValuedAlias) -> sa.ColumnElement[int]:
    """The number of each pair."""
    return sa.cast(pairs.c.key, BigKey)


def pair_text(pairs: sa.TableValuedAlias) -> sa.ColumnElement[str]:
    """The text, or NULL, of each pair."""
    return sa.type_coerce(pairs.c.value, sa.Text)


def json_agg(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The values of a column, over all rows, as one JSON array, in no order; may be NULL."""
    return _Gathered(column)


def as_json_rows(statement: sa.Select[Any]) -> sa.Select[Any]:
    """One value in place of a statement's rows, for :func:`read_json_rows`: a list for each row.

    Where their order matters, the statement orders them by their first column. Columns of JSON
    come as what they hold, others as they are stored: instants as microseconds, and SQLite knows
    0 and 1 for no and yes.
    """
    rows = statement.subquery()
    row = _Array(*(_as_json(column) for column in rows.c))
    # As a text: psycopg reads JSON from bytes, which takes twice as long.
    return sa.select(sa.cast(_Gathered(row, rows.c[0]), sa.Text))


def read_json_rows(value: str | None) -> list[list[Any]]:
    """The rows of a value that :func:`as_json_rows` made; PostgreSQL has NULL for none."""
    found: list[list[Any]] = json.loads(value) if value else []
    return found


def _as_json(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return _Embedded(column) if isinstance(column.type, sa.JSON) else column


class _Rows(FunctionElement[Any]):
    """A JSON array as rows."""

    name = "rows"
    inherit_cache = True


class _Pairs(FunctionElement[Any]):
    """A JSON object as rows."""

    name = "pairs"
    inherit_cache = True


class _Item(FunctionElement[Any]):
    """What stands at a place of a row."""

    name = "item"
    type = sa.Text()
    inherit_cache = True


class _Json(FunctionElement[Any]):
    """An object that stands at a place of a row."""

    name = "object"
    type = sa.JSON()
    inherit_cache = True


class _Plain(FunctionElement[Any]):
    """A row that is one value."""

    name = "plain"
    type = sa.Text()
    inherit_cache = True


class _Gathered(FunctionElement[Any]):
    """A column in one JSON array; ordered by another one, where there is another."""

    name = "json_agg"
    type = sa.JSON()
    inherit_cache = True


class _Array(FunctionElement[Any]):
    """A row as a JSON array."""

    name = "array"
    type = sa.JSON()
    inherit_cache = True


class _Embedded(FunctionElement[Any]):
    """JSON inside an array, not a text that holds it."""

    name = "embedded"
    type = sa.JSON()
    inherit_cache = True


@compiles(_Pairs)
@compiles(_Rows)
def _rows_on_sqlite(element: _Rows | _Pairs, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kwargs)})"


@compiles(_Rows, "postgresql")
def _rows_on_postgres(element: _Rows, compiler: SQLCompiler, **kwargs: Any) -> str:
    # As json, the text of a row would be read anew for each place that is asked of it.
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **kwargs)} AS jsonb))"


@compiles(_Pairs, "postgresql")
def _pairs_on_postgres(element: _Pairs, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"jsonb_each_text(CAST({compiler.process(element.clauses, **kwargs)} AS jsonb))"


@compiles(_Json)
@compiles(_Item)
def _item_on_sqlite(element: _Item | _Json, compiler: SQLCompiler, **kwargs: Any) -> str:
    value, place = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"json_extract({value}, '$[' || {place} || ']')"


@compiles(_Item, "postgresql")
def _item_on_postgres(element: _Item, compiler: SQLCompiler, **kwargs: Any) -> str:
    value, place = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"({value} ->> {place})"


@compiles(_Json, "postgresql")
def _json_on_postgres(element: _Json, compiler: SQLCompiler, **kwargs: Any) -> str:
    value, place = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"({value} -> {place})"


@compiles(_Plain)
def _plain_on_sqlite(element: _Plain, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.clauses, **kwargs)


@compiles(_Plain, "postgresql")
def _plain_on_postgres(element: _Plain, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"({compiler.process(element.clauses, **kwargs)} #>> '{{}}')"


@compiles(_Gathered)
def _gathered_on_sqlite(element: _Gathered, compiler: SQLCompiler, **kwargs: Any) -> str:
    # In the order of the rows: SQLite knows ORDER BY in here from 3.44 on (2023).
    column, *_ = element.clauses
    return f"json_group_array({compiler.process(column, **kwargs)})"


@compiles(_Gathered, "postgresql")
def _gathered_on_postgres(element: _Gathered, compiler: SQLCompiler, **kwargs: Any) -> str:
    column, *order = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"json_agg({column}{' ORDER BY ' if order else ''}{''.join(order)})"


@compiles(_Array)
def _array_on_sqlite(element: _Array, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **kwargs)})"


@compiles(_Array, "postgresql")
def _array_on_postgres(element: _Array, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_build_array({compiler.process(element.clauses, **kwargs)})"


@compiles(_Embedded)
def _embedded_on_sqlite(element: _Embedded, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json({compiler.process(element.clauses, **kwargs)})"


@compiles(_Embedded, "postgresql")
def _embedded_on_postgres(element: _Embedded, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.clauses, **kwargs)
