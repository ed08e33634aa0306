"""How far each mailbox was read. The cursor is written after the mail was taken in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_into
from lovecampaign.store.tables import Instant, inbox_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxCursor:
    """A place in a mailbox; all before it is taken in."""

    #: UIDVALIDITY; 0 of a Maildir.
    validity: int
    #: A UID; of a Maildir, nanoseconds since 1970.
    position: int


def read_cursor(database: Database, mailbox: str) -> InboxCursor | None:
    with database.read() as connection:
        row = connection.execute(
            sa.select(inbox_cursor.c.validity, inbox_cursor.c.position).where(
                inbox_cursor.c.mailbox == mailbox
            )
        ).first()
    return InboxCursor(validity=row.validity, position=row.position) if row else None


def write_cursor(
    connection: Connection, mailbox: str, cursor: InboxCursor, read_at: datetime | None
) -> None:
    """``read_at``: when the end was reached; None: not yet, and the time before stays.

    Another process may be ahead: in the same state of a mailbox, a cursor never goes back.
    """
    statement = insert_into(connection, inbox_cursor)
    new = statement.excluded
    is_behind = sa.and_(
        inbox_cursor.c.validity == new.validity, inbox_cursor.c.position > new.position
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["mailbox"],
            set_={
                "validity": new.validity,
                "position": sa.case((is_behind, inbox_cursor.c.position), else_=new.position),
                "read_at": sa.func.coalesce(new.read_at, inbox_cursor.c.read_at),
            },
        ),
        {
            "mailbox": mailbox,
            "validity": cursor.validity,
            "position": cursor.position,
            "read_at": read_at,
        },
    )


def find_last_read(connection: Connection) -> datetime | None:
    """When a mailbox was last read to its end."""
    found: datetime | None = connection.scalar(
        sa.select(sa.func.max(inbox_cursor.c.read_at, type_=Instant))
    )
    return found
