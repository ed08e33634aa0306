"""Incoming mail in the ledger: store each one once, and read a subscriber's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import incoming_attachment, incoming_mail


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRow:
    """A file of a letter: the columns of ``incoming_attachment``."""

    name: str
    type: str
    #: Bytes.
    size: int
    #: None: larger than the limit.
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingRow:
    """A mail as it is stored: the columns of ``incoming_mail``, and its attachments."""

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
    message_id: str = ""
    references: str = ""
    from_name: str = ""
    reply_to: str = ""
    to_address: str = ""
    html: str = ""
    attachments: Sequence[AttachmentRow] = ()


_COLUMNS = tuple(one.name for one in fields(IncomingRow) if one.name != "attachments")
_FILE_COLUMNS = tuple(one.name for one in fields(AttachmentRow))


def record_incoming(connection: Connection, rows: Sequence[IncomingRow]) -> frozenset[str]:
    """Store the mails that are not known yet; returns their keys."""
    new: set[str] = set()
    statement = insert_or_ignore(connection, incoming_mail).returning(incoming_mail.c.id)
    # Sorted: two processes with the same mails would deadlock.
    for row in sorted(rows, key=lambda one: one.key):
        mail_id = connection.scalar(statement, {name: getattr(row, name) for name in _COLUMNS})
        if mail_id is None:
            continue
        new.add(row.key)
        for file in row.attachments:
            stored = {name: getattr(file, name) for name in _FILE_COLUMNS}
            connection.execute(sa.insert(incoming_attachment).values(mail_id=mail_id, **stored))
    return frozenset(new)


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
