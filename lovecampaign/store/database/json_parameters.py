"""JSON bind parameters and JSON results: many values in one parameter, many rows in one value.

A parameter for each value costs SQLAlchemy 5 to 15 ms per thousand, more than the database needs
for the whole statement. And where rows are fetched one by one from SQLite, Python's lock (GIL) is
released and taken back for each: a thread that claims and one that sends, on two cores, waited
0.7 times per letter, and wait 0.05 times with one JSON value.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from lovecampaign.store.database.types import BigKey


def json_parameter(values: Iterable[object]) -> str:
    """The parameter: numbers and texts, or a tuple of them for each row."""
    return json.dumps(list(values))


def json_pairs_parameter(values: Mapping[int, str | None]) -> str:
    """The parameter for :func:`json_pairs`."""
    return json.dumps(values)


def is_one_of(
    column: sa.Column[Any], values: Collection[int] | Collection[str]
) -> sa.ColumnElement[bool]:
    """``column IN (…)``, the same short statement for one value and for a thousand."""
    return column.in_(_values(sa.literal(json_parameter(values), sa.Text), column.type))


def json_values(parameter: str, type_: TypeEngine[Any] = BigKey) -> sa.Select[Any]:
    """For ``IN``: the plain values of a named parameter, numbers by default."""
    return _values(sa.bindparam(parameter, type_=sa.Text), type_)


def json_rows(parameter: str, name: str) -> sa.TableValuedAlias:
    """The rows of a named parameter, as a table with one column, ``value``."""
    return _Rows(sa.bindparam(parameter, type_=sa.Text)).table_valued("value", name=name)


def number_at(rows: sa.TableValuedAlias, place: int) -> sa.ColumnElement[int]:
    """The number at a place of each row, from 0."""
    return sa.cast(_Item(rows.c.value, sa.literal_column(str(place))), BigKey)


def text_at(rows: sa.TableValuedAlias, place: int) -> sa.ColumnElement[str]:
    """The text, or NULL, at a place of each row, from 0."""
    return _Item(rows.c.value, sa.literal_column(str(place)))


def json_at(rows: sa.TableValuedAlias, place: int) -> sa.ColumnElement[Any]:
    """The object at a place of each row, for a column of JSON."""
    return _JsonItem(rows.c.value, sa.literal_column(str(place)))


def json_pairs(parameter: str, name: str) -> sa.TableValuedAlias:
    """The pairs of a number and a text, as a table.

    A row for each pair would be parsed once for each place: to store an outcome took SQLite
    1.1 µs that way, and takes 0.8.
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
    return _Aggregate(column)


def as_json_rows(statement: sa.Select[Any]) -> sa.Select[Any]:
    """The statement's rows as one value, for :func:`read_json_rows`: a list for each row.

    They are in the order of their first column. Columns of JSON arrive parsed, others as they are
    stored: instants as microseconds, and booleans of SQLite as 0 and 1.
    """
    rows = statement.subquery()
    columns = (_Embedded(one) if isinstance(one.type, sa.JSON) else one for one in rows.c)
    # As a text: psycopg reads JSON from bytes, which takes twice as long.
    return sa.select(sa.cast(_OrderedAggregate(_Array(*columns), rows.c[0]), sa.Text))


def read_json_rows(value: str | None) -> list[list[Any]]:
    """The rows of a value from :func:`as_json_rows`; PostgreSQL returns NULL for none."""
    rows: list[list[Any]] = json.loads(value) if value else []
    return rows


def _values(array: sa.ColumnElement[str], type_: TypeEngine[Any]) -> sa.Select[Any]:
    return sa.select(sa.cast(_Plain(_Rows(array).table_valued("value").c.value), type_))


class _JsonFunction(FunctionElement[Any]):
    """A function with an SQL template per database; ``{0}`` is its first argument."""

    sqlite: ClassVar[str]
    postgresql: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.inherit_cache = True  # SQLAlchemy asks each class for itself
        super().__init_subclass__(**kwargs)


@compiles(_JsonFunction)
def _compile(element: _JsonFunction, compiler: SQLCompiler, **kwargs: Any) -> str:
    is_postgresql = compiler.dialect.name == "postgresql"
    template = element.postgresql if is_postgresql else element.sqlite
    arguments = [compiler.process(each, **kwargs) for each in element.clauses]
    return template.format(*arguments, all=", ".join(arguments))


class _Rows(_JsonFunction):
    """A JSON array as rows."""

    name = "rows"
    sqlite = "json_each({0})"
    #: As json, the text of a row would be parsed anew for each place that is read.
    postgresql = "jsonb_array_elements(CAST({0} AS jsonb))"


class _Pairs(_JsonFunction):
    """A JSON object as rows."""

    name = "pairs"
    sqlite = "json_each({0})"
    postgresql = "jsonb_each_text(CAST({0} AS jsonb))"


class _Item(_JsonFunction):
    """The text or number at a place of a row."""

    name = "item"
    type = sa.Text()
    sqlite = "json_extract({0}, '$[' || {1} || ']')"
    postgresql = "({0} ->> {1})"


class _JsonItem(_JsonFunction):
    """The object at a place of a row."""

    name = "json_item"
    type = sa.JSON()
    sqlite = _Item.sqlite
    postgresql = "({0} -> {1})"


class _Plain(_JsonFunction):
    """The value of a row that is one value."""

    name = "plain"
    type = sa.Text()
    sqlite = "{0}"
    postgresql = "({0} #>> '{{}}')"


class _Aggregate(_JsonFunction):
    """A column in one JSON array."""

    name = "aggregate"
    type = sa.JSON()
    sqlite = "json_group_array({0})"
    postgresql = "json_agg({0})"


class _OrderedAggregate(_JsonFunction):
    """A column in one JSON array, ordered by a second column.

    SQLite takes the rows in their order: it knows ORDER BY in an aggregate from 3.44 on (2023).
    """

    name = "ordered_aggregate"
    type = sa.JSON()
    sqlite = "json_group_array({0})"
    postgresql = "json_agg({0} ORDER BY {1})"


class _Array(_JsonFunction):
    """A row as a JSON array."""

    name = "array"
    type = sa.JSON()
    sqlite = "json_array({all})"
    postgresql = "json_build_array({all})"


class _Embedded(_JsonFunction):
    """JSON inside an array, not a text that holds it."""

    name = "embedded"
    type = sa.JSON()
    sqlite = "json({0})"
    postgresql = "{0}"
