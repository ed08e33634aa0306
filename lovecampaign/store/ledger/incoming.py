"""Incoming mail in the ledger: store each one once, and read a subscriber's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import incoming_mail


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingRow:
    """A mail as it is stored: the columns of ``incoming_mail``."""

    key: str
    kind: str
    at: datetime
    recorded_at: datetime
    address_key: str
    delivery_id: int | None
    subscriber_id: int | None
    subject: str
    text: str
    detail: str


def record_incoming(connection: Connection, rows: Sequence[IncomingRow]) -> int:
    """Store the mails that are not known yet; returns how many those were."""
    new = 0
    # Sorted: two processes with the same mails would deadlock.
    for row in sorted(rows, key=lambda one: one.key):
        statement = insert_or_ignore(connection, incoming_mail).values(asdict(row))
        inserted = connection.execute(statement.returning(incoming_mail.c.id)).first()
        new += inserted is not None
    return new


def said_before(connection: Connection, key: str, address_key: str, text: str) -> bool:
    """Whether another mail from an address had the same words."""
    is_same = sa.and_(incoming_mail.c.address_key == address_key, incoming_mail.c.text == text)
    return bool(
        connection.scalar(sa.select(sa.exists().where(is_same, incoming_mail.c.key != key)))
    )


def read_letters(
    database: Database, subscriber_id: int, address_key: str
) -> Sequence[tuple[datetime, str, str]]:
    """Time, kind and words of what a subscriber wrote, oldest first."""
    is_known_by_address = sa.and_(
        incoming_mail.c.delivery_id.is_(None), incoming_mail.c.address_key == address_key
    )
    query = (
        sa.select(
            incoming_mail.c.at, incoming_mail.c.kind, incoming_mail.c.subject, incoming_mail.c.text
        )
        .where(
            sa.or_(incoming_mail.c.subscriber_id == subscriber_id, is_known_by_address),
            incoming_mail.c.kind.in_(("letter", "automatic", "unsubscribe")),
        )
        .order_by(incoming_mail.c.at, incoming_mail.c.id)
    )
    with database.read() as connection:
        return [(row.at, row.kind, row.text or row.subject) for row in connection.execute(query)]
