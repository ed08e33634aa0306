"""The keys of rows that tokens name."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose, RowKey
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database

_OF_TRANSACTIONAL = frozenset(
    {Purpose.TRANSACTIONAL, Purpose.CONFIRM, Purpose.MAILED, Purpose.STORY, Purpose.CARD}
)


def key_of(database: Database, purpose: Purpose, number: int) -> RowKey:
    """The row of that number, in the table of that purpose; with some nonce if there is none."""
    table = tables.transactional if purpose in _OF_TRANSACTIONAL else tables.delivery
    with database.read() as connection:
        row = connection.execute(sa.select(table.c.nonce).where(table.c.id == number)).first()
    return RowKey(number, 0 if row is None else row.nonce)
