"""How does one statement take hundreds of rows as one value?

As a JSON array, which SQLite and PostgreSQL both take apart. A parameter for each value costs
SQLAlchemy more than the database needs for the whole statement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from lovecampaign.store.columns import BigKey


def many(values: Iterable[object]) -> str:
    """The parameter: numbers and texts, or a tuple of them for each row."""
    return json.dumps(list(values))


def rows_of(parameter: str, name: str) -> sa.TableValuedAlias:
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


def ids_of(parameter: str) -> sa.Select[Any]:
    """For ``IN``: the numbers of a parameter that :func:`many` made of plain numbers."""
    value = rows_of(parameter, f"each_of_{parameter}").c.value
    return sa.select(sa.cast(_Plain(value), BigKey))


def gathered(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The texts of a column, over all rows, as the text of one JSON array; may be NULL."""
    return _Gathered(column)


class _Rows(FunctionElement[Any]):
    """A JSON array as rows."""

    name = "rows"
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
    """A column in one JSON array."""

    name = "gathered"
    type = sa.Text()
    inherit_cache = True


@compiles(_Rows)
def _rows_on_sqlite(element: _Rows, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kwargs)})"


@compiles(_Rows, "postgresql")
def _rows_on_postgres(element: _Rows, compiler: SQLCompiler, **kwargs: Any) -> str:
    # As json, the text of a row would be read anew for each place that is asked of it.
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **kwargs)} AS jsonb))"


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
    return f"json_group_array({compiler.process(element.clauses, **kwargs)})"


@compiles(_Gathered, "postgresql")
def _gathered_on_postgres(element: _Gathered, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"CAST(json_agg({compiler.process(element.clauses, **kwargs)}) AS text)"
