"""The queue of transactional mail, and the validity of its links.

Confirmations, links by mail and personal replies are no campaign mail: they have a queue of their
own, with the ledger's states. A row is written in the transaction of the request, so a promised
message is never lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.tokens import RowKey
from lovecampaign.store.tables import DeliveryState, transactional


class TransactionalKind(StrEnum):
    """What a transactional message is for."""

    CONFIRM = "confirm"  #: its link confirms a sign-up (double opt-in)
    ALREADY_MEMBER = "already-member"  #: answers a sign-up to a list that they are on
    DOWNLOAD = "download"  #: its link downloads all personal data
    FORGET = "forget"  #: its link erases the subscriber
    MOVE = "move"  #: starts an address change; goes to the old address
    CHANGE_ADDRESS = "change-address"  #: confirms it; goes to the new address
    WAITLIST_PLACE = "waitlist-place"  #: a unit of a deal is free again
    ANSWER = "answer"  #: answers a letter; a person of the team wrote it
    FOLLOW_THROUGH = "follow-through"  #: the last step of a case; its button says "not solved"
    TEAM = "team"  #: the team's morning mail
    STORY_LINK = "story-link"  #: its link changes or withdraws an answer
    HERO = "hero"  #: tells the writer of an answer that it will appear, and how


#: How long after the request a link works, and the message is worth sending.
VALID_FOR: Mapping[TransactionalKind, timedelta] = {
    TransactionalKind.CONFIRM: timedelta(days=7),
    TransactionalKind.ALREADY_MEMBER: timedelta(days=1),
    TransactionalKind.DOWNLOAD: timedelta(hours=1),
    TransactionalKind.FORGET: timedelta(hours=1),
    TransactionalKind.MOVE: timedelta(hours=1),
    TransactionalKind.CHANGE_ADDRESS: timedelta(hours=1),
    TransactionalKind.WAITLIST_PLACE: timedelta(days=1),
    TransactionalKind.ANSWER: timedelta(days=7),
    TransactionalKind.FOLLOW_THROUGH: timedelta(days=29),  # the row is deleted after 30
    TransactionalKind.TEAM: timedelta(hours=12),
    # The links of these two do not expire: an answer can be withdrawn at any time.
    TransactionalKind.STORY_LINK: timedelta(hours=1),
    TransactionalKind.HERO: timedelta(days=7),
}
_INSERT = sa.insert(transactional).returning(transactional.c.id)
#: In the payload: the address to send to, where it is not the subscriber's own.
SEND_TO = "to"
#: In the payload: the delivery that the message repeats the links of.
DELIVERY_ID = "delivery_id"
#: In the payload: the story that the message is about.
STORY_ID = "story_id"
#: In the payload: until when the unit is reserved (ISO 8601).
RESERVED_UNTIL = "until"
#: In the payload: what a person of the team wrote (``WrittenMail``).
WRITTEN = "written"
#: Kinds that a person of the team writes, or that go to the team.
DESK_KINDS = frozenset(
    {TransactionalKind.ANSWER, TransactionalKind.FOLLOW_THROUGH, TransactionalKind.TEAM}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionalMail:
    """A row of the queue."""

    id: int
    kind: TransactionalKind
    #: The campaign's row.
    campaign_id: int | None
    subscriber_id: int
    payload: Mapping[str, Any]
    state: DeliveryState
    created_at: datetime
    #: When its link was used; None: not yet.
    used_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Whether its link has not expired."""
        return now < self.created_at + VALID_FOR[self.kind]


def queue_transactional(
    connection: Connection,
    kind: TransactionalKind,
    subscriber_id: int,
    campaign_id: int,
    payload: Mapping[str, Any],
    now: datetime,
) -> int:
    """Put a message into the queue; returns its id, which signs its link.

    It leaves once the transaction is committed and the transactional worker is woken.
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
    transactional_id: int = connection.execute(_INSERT, row).scalar_one()
    return transactional_id


def find_transactional(
    connection: Connection, key: RowKey, *, for_update: bool = False
) -> TransactionalMail | None:
    """The message of a token; None where another row has its number now.

    Locked until the transaction ends with ``for_update``.
    """
    statement = sa.select(transactional).where(
        transactional.c.id == key.number, transactional.c.nonce.is_not_distinct_from(key.nonce)
    )
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
    """Record that a link was used; returns whether that was the first time."""
    statement = (
        sa.update(transactional)
        .where(transactional.c.id == transactional_id, transactional.c.used_at.is_(None))
        .values(used_at=now)
    )
    return connection.execute(statement).rowcount > 0


def count_transactional(
    connection: Connection, kind: TransactionalKind, subscriber_id: int, since: datetime
) -> int:
    """How many messages of a kind a subscriber requested since then, without skipped ones."""
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
