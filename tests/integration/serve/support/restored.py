"""A database after an older copy of it was put back."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database


def put_back_older_copy(database: Database) -> None:
    """As if made before the first email: its rows are gone, and the numbers begin again."""
    names = ("delivery", "transactional")
    with database.write() as connection:
        for table in (tables.event, tables.delivery, tables.transactional, tables.batch):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(tables.email).values(planned_at=None))
        connection.execute(sa.update(tables.campaign).values(first_claim_at=None))
        for name in names:
            if database.is_sqlite:
                connection.exec_driver_sql(f"DELETE FROM sqlite_sequence WHERE name = '{name}'")
            else:
                connection.exec_driver_sql(f"ALTER SEQUENCE {name}_id_seq RESTART")
