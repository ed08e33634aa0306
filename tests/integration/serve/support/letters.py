"""Deliveries, tokens and rows for tests of links."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from tests.support.row_keys import key_of
from tests.support.stage import Stage

SIGNER = TokenSigner(("test-key",))


def delivery_of(database: Database, email_key: str, subscriber_id: int) -> int:
    """The id of one person's delivery of an email."""
    with database.read() as connection:
        found: int = connection.execute(
            sa.select(tables.delivery.c.id)
            .join(tables.email, tables.email.c.id == tables.delivery.c.email_id)
            .where(
                tables.email.c.key == email_key,
                tables.delivery.c.subscriber_id == subscriber_id,
            )
        ).scalar_one()
        return found


def token_of(
    stage: Stage, subscriber_id: int, email_key: str = "day-01", purpose: Purpose = Purpose.LINKS
) -> str:
    """The token in the links of that email."""
    number = delivery_of(stage.database, email_key, subscriber_id)
    return SIGNER.sign(purpose, key_of(stage.database, purpose, number))


def rows_of(database: Database, table: sa.Table, **equal: Any) -> list[Any]:
    conditions = [table.c[name] == value for name, value in equal.items()]
    with database.read() as connection:
        statement = sa.select(table).where(*conditions).order_by(*table.primary_key.columns)
        return list(connection.execute(statement).all())


def active_suppressions(database: Database, address: str) -> set[tuple[str, str]]:
    """List and reason of what keeps an address from getting mail."""
    found = rows_of(database, tables.suppression, address_key=address, lifted_at=None)
    return {(row.list, row.reason) for row in found}
