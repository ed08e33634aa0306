"""How do thousands of rows get into a table of one connection's own?

By the driver: SQLAlchemy takes as long for a row as SQLite itself. PostgreSQL takes rows by COPY,
at two to three times the pace of its INSERT.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

Row = tuple[object, ...]


def load_rows(
    connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows whose values are as the columns' types would store them."""
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", rows)
        return
    places = ", ".join("?" * len(columns))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({places})",  # noqa: S608 - our own names
        list(rows),
    )


def _copy(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    cursor = cast(Any, connection.connection.cursor())  # psycopg's, which the DBAPI does not know
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise sa.exc.DBAPIError(statement, None, error) from error
