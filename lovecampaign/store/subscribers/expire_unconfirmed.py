"""Delete sign-ups that were not confirmed within 30 days.

The consent log is the proof of consent; without consent there is no reason to keep data (GDPR Art.
5(1)(e)). Old transactional mail is deleted with them: it is no longer needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.wal_truncation import (
    request_wal_truncation,
    truncate_wal_if_due,
)
from lovecampaign.store.tables import (
    MICROSECOND,
    STORY_MAIL,
    DeliveryState,
    membership,
    metadata,
    subscriber,
    transactional,
)

KEPT_FOR = timedelta(days=30)
#: Rows per transaction: other writers never wait long.
CHUNK = 1_000
#: What is not on the wire, and has no link that works for as long as a story does.
_is_deletable = sa.and_(
    transactional.c.state != DeliveryState.CLAIMED.value,
    transactional.c.kind.not_in(STORY_MAIL),
)


def delete_unconfirmed(database: Database, now: datetime) -> int:
    """Delete rows older than 30 days; returns how many subscribers were deleted."""
    before, deleted = now - KEPT_FOR, 0
    while True:
        with database.write() as connection:
            touched = [
                *_delete_old_mail(connection, before),
                *_delete_unconfirmed_memberships(connection, before),
            ]
            deleted += _delete_unreferenced(connection, set(touched), before)
            if touched:
                request_wal_truncation(connection)
        if len(touched) < CHUNK:
            truncate_wal_if_due(database)
            return deleted


def delete_if_unconfirmed(connection: Connection, subscriber_id: int, now: datetime) -> bool:
    """Delete a subscriber with nothing but an address; returns whether it did.

    Any visitor can type an address into a form: its owner must still be able to use it.
    """
    with connection.begin_nested() as savepoint:
        connection.execute(
            sa.delete(transactional).where(
                transactional.c.subscriber_id == subscriber_id,
                _is_deletable,
            )
        )
        connection.execute(
            sa.delete(membership).where(
                membership.c.subscriber_id == subscriber_id, membership.c.confirmed_at.is_(None)
            )
        )
        is_deleted = _delete_unreferenced(connection, {subscriber_id}, now + MICROSECOND) > 0
        if not is_deleted:
            savepoint.rollback()
    return is_deleted


def _delete_old_mail(connection: Connection, before: datetime) -> Sequence[int]:
    """Returns the ids of their subscribers."""
    old = (
        sa.select(transactional.c.id)
        .where(
            transactional.c.created_at < before,
            _is_deletable,
        )
        .limit(CHUNK)
    )
    return connection.scalars(
        sa.delete(transactional)
        .where(transactional.c.id.in_(old))
        .returning(transactional.c.subscriber_id)
    ).all()


def _delete_unconfirmed_memberships(connection: Connection, before: datetime) -> Sequence[int]:
    """Returns the ids of their subscribers."""
    key = sa.tuple_(membership.c.list, membership.c.subscriber_id)
    old = (
        sa.select(membership.c.list, membership.c.subscriber_id)
        .where(membership.c.confirmed_at.is_(None), membership.c.joined_at < before)
        .limit(CHUNK)
    )
    return connection.scalars(
        sa.delete(membership).where(key.in_(old)).returning(membership.c.subscriber_id)
    ).all()


def _delete_unreferenced(connection: Connection, ids: AbstractSet[int], before: datetime) -> int:
    """Subscribers with an address only: no list, no consent, no delivery."""
    columns = [
        column
        for table in metadata.tables.values()
        for column in table.c
        if any(key.column is subscriber.c.id for key in column.foreign_keys)
    ]
    is_known = [sa.exists().where(column == subscriber.c.id) for column in columns]
    statement = sa.delete(subscriber).where(
        subscriber.c.id.in_(ids),
        subscriber.c.created_at < before,
        subscriber.c.forgotten_at.is_(None),
        *(sa.not_(known) for known in is_known),
    )
    return connection.execute(statement).rowcount
