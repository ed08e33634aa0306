"""Which mail did somebody ask for, and is its link still good?

Confirmations, links by mail and personal replies are no campaign mail: they have a queue of
their own, with the ledger's states. A row is written in the transaction of what was asked, so a
mail that was promised is never lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import DeliveryState, transactional


class TransactionalKind(StrEnum):
    """What somebody asked for by mail."""

    CONFIRM = "confirm"  #: to join a list: the link confirms
    ALREADY_MEMBER = "already-member"  #: to join a list that they are on
    DOWNLOAD = "download"  #: to see all that is kept about them
    FORGET = "forget"  #: to be forgotten
    MOVE = "move"  #: to get the mail elsewhere: goes to the address of so far
    CHANGE_ADDRESS = "change-address"  #: and then this goes to the new one
    WAITLIST_PLACE = "waitlist-place"  #: to be told when a unit of a deal is free again


#: How long a link does what it is for, counted from when it was asked for; and how long the mail
#: is worth sending.
VALID_FOR: Mapping[TransactionalKind, timedelta] = {
    TransactionalKind.CONFIRM: timedelta(days=7),
    TransactionalKind.ALREADY_MEMBER: timedelta(days=1),
    TransactionalKind.DOWNLOAD: timedelta(hours=1),
    TransactionalKind.FORGET: timedelta(hours=1),
    TransactionalKind.MOVE: timedelta(hours=1),
    TransactionalKind.CHANGE_ADDRESS: timedelta(hours=1),
    TransactionalKind.WAITLIST_PLACE: timedelta(days=1),
}
_ASK = sa.insert(transactional).returning(transactional.c.id)
#: In the payload: the address that the mail goes to, where it is not the person's own.
SEND_TO = "to"
#: In the payload: the delivery whose links the mail carries.
DELIVERY_ID = "delivery_id"
#: In the payload: until when what the mail tells of is kept for its reader (ISO 8601).
RESERVED_UNTIL = "until"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionalMail:
    """A mail that somebody asked for."""

    id: int
    kind: TransactionalKind
    #: The campaign's row.
    campaign_id: int | None
    subscriber_id: int
    payload: Mapping[str, Any]
    state: DeliveryState
    created_at: datetime
    #: When its link did what it is for; None: not yet.
    used_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether its link is young enough."""
        return now < self.created_at + VALID_FOR[self.kind]


def queue_transactional(
    connection: Connection,
    kind: TransactionalKind,
    subscriber_id: int,
    campaign_id: int,
    payload: Mapping[str, Any],
    now: datetime,
) -> int:
    """Put a mail into the queue; returns its id, which signs its link.

    It leaves once the transaction is committed and somebody wakes the post.
    """
    row = {
        "kind": kind.value,
        "campaign_id": campaign_id,
        "subscriber_id": subscriber_id,
        "payload": dict(payload),
        "state": DeliveryState.PLANNED.value,
        "created_at": now,
        "next_try_at": now,
    }
    transactional_id: int = connection.execute(_ASK, row).scalar_one()
    return transactional_id


def find_transactional(
    connection: Connection, transactional_id: int, *, for_update: bool = False
) -> TransactionalMail | None:
    """A mail by its id; locked until the transaction ends where it is about to change."""
    statement = sa.select(transactional).where(transactional.c.id == transactional_id)
    row = connection.execute(statement.with_for_update() if for_update else statement).one_or_none()
    if row is None:
        return None
    return TransactionalMail(
        id=row.id,
        kind=TransactionalKind(row.kind),
        campaign_id=row.campaign_id,
        subscriber_id=row.subscriber_id,
        payload=row.payload,
        state=DeliveryState(row.state),
        created_at=row.created_at,
        used_at=row.used_at,
    )


def mark_used(connection: Connection, transactional_id: int, now: datetime) -> bool:
    """Note that a link did what it is for; tells whether that was the first time."""
    statement = (
        sa.update(transactional)
        .where(transactional.c.id == transactional_id, transactional.c.used_at.is_(None))
        .values(used_at=now)
    )
    return connection.execute(statement).rowcount > 0


def count_transactional(
    connection: Connection, kind: TransactionalKind, subscriber_id: int, since: datetime
) -> int:
    """How many mails of a kind a person was sent, or will be, that were asked for since then."""
    statement = (
        sa.select(sa.func.count())
        .select_from(transactional)
        .where(
            transactional.c.subscriber_id == subscriber_id,
            transactional.c.created_at > since,
            transactional.c.kind == kind.value,
            transactional.c.state != DeliveryState.SKIPPED.value,
        )
    )
    return connection.scalar(statement) or 0
