"""Which rows have one of these many values? Asked in one parameter, however many there are."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection


def is_one_of(
    connection: Connection, column: sa.Column[Any], values: Collection[int] | Collection[str]
) -> sa.ColumnElement[bool]:
    """``column IN (…)`` as the same short statement for one value and for a thousand.

    A parameter for each costs 5 to 15 ms a thousand in writing and reading the statement.
    """
    if connection.dialect.name == "postgresql":
        return column == sa.any_(sa.bindparam(None, list(values), type_=ARRAY(column.type)))
    each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(each.c.value))
