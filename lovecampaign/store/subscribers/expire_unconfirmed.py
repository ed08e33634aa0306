"""Who asked to join and never confirmed? After 30 days nothing of them is kept.

Proof of consent lives in the consent log; what nobody agreed to is not ours to keep (GDPR
Art. 5(1)(e)). Mail that was asked for is deleted with them, whoever asked: it did its work.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import (
    MICROSECOND,
    DeliveryState,
    membership,
    metadata,
    subscriber,
    transactional,
)

KEPT_FOR = timedelta(days=30)
#: Rows in one transaction: nobody waits long for a writer that tidies up.
CHUNK = 1_000


def delete_unconfirmed(database: Database, now: datetime) -> int:
    """Delete what is older than 30 days; returns how many people were among it."""
    before, people = now - KEPT_FOR, 0
    while True:
        with database.write() as connection:
            touched = [*_delete_old_mail(connection, before), *_delete_places(connection, before)]
            people += _delete_nobodies(connection, set(touched), before)
        if len(touched) < CHUNK:
            return people


def delete_if_unconfirmed(connection: Connection, subscriber_id: int, now: datetime) -> bool:
    """Delete somebody of whom there is nothing but an address that was typed into a form.

    Tells whether it did. Anybody can type an address: that must not keep its owner from it.
    """
    with connection.begin_nested() as try_out:
        connection.execute(
            sa.delete(transactional).where(
                transactional.c.subscriber_id == subscriber_id,
                transactional.c.state != DeliveryState.CLAIMED.value,
            )
        )
        connection.execute(
            sa.delete(membership).where(
                membership.c.subscriber_id == subscriber_id, membership.c.confirmed_at.is_(None)
            )
        )
        is_deleted = _delete_nobodies(connection, {subscriber_id}, now + MICROSECOND) > 0
        if not is_deleted:
            try_out.rollback()
    return is_deleted


def _delete_old_mail(connection: Connection, before: datetime) -> Sequence[int]:
    """Returns whose it was."""
    old = (
        sa.select(transactional.c.id)
        .where(
            transactional.c.created_at < before,
            transactional.c.state != DeliveryState.CLAIMED.value,
        )
        .limit(CHUNK)
    )
    return connection.scalars(
        sa.delete(transactional)
        .where(transactional.c.id.in_(old))
        .returning(transactional.c.subscriber_id)
    ).all()


def _delete_places(connection: Connection, before: datetime) -> Sequence[int]:
    """Places on lists that were never confirmed; returns whose."""
    place = sa.tuple_(membership.c.list, membership.c.subscriber_id)
    old = (
        sa.select(membership.c.list, membership.c.subscriber_id)
        .where(membership.c.confirmed_at.is_(None), membership.c.joined_at < before)
        .limit(CHUNK)
    )
    return connection.scalars(
        sa.delete(membership).where(place.in_(old)).returning(membership.c.subscriber_id)
    ).all()


def _delete_nobodies(connection: Connection, ids: AbstractSet[int], before: datetime) -> int:
    """Those of whom nothing is left but an address: no list, no consent, no delivery."""
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
