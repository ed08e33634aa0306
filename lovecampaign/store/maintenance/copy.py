"""How does everything move from one database to another, whichever kind each of them is?"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.errors import UsageError
from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import metadata

ROWS_AT_A_TIME = 5_000


def copy_everything(source: Database, target: Database) -> Mapping[str, int]:
    """Write every row of one database into another, which has the tables and nothing in them.

    One state of the source, and all of it or nothing; returns the number of rows of each table.
    Raises UsageError where the target holds something already.
    """
    with source.read() as rows_from, target.write() as into:
        _require_empty(into, target.name)
        copied = {
            table.name: copy_table(rows_from, into, table) for table in metadata.sorted_tables
        }
        _go_on_counting(into)
    return copied


def copy_table(source: Connection, into: Connection, table: sa.Table) -> int:
    """Returns how many rows there were. Memory stays flat."""
    count = 0
    rows = source.execution_options(yield_per=ROWS_AT_A_TIME).execute(sa.select(table)).mappings()
    for part in rows.partitions():
        into.execute(sa.insert(table), [dict(row) for row in part])
        count += len(part)
    return count


def _require_empty(into: Connection, name: str) -> None:
    for table in metadata.sorted_tables:
        if into.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise UsageError(
                f"{name} holds something already, in its table {table.name}",
                hint="name a database that is empty: nothing is mixed or overwritten",
            )


def _go_on_counting(into: Connection) -> None:
    """PostgreSQL numbers rows from sequences of their own, which know nothing of these."""
    if into.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = into.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
        highest = into.scalar(sa.select(sa.func.max(column)))
        if sequence is not None and highest is not None:
            into.execute(sa.select(sa.func.setval(sequence, highest)))
