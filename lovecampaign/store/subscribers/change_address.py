"""Change a subscriber's address; suppressions by their own wish and purchases go with them.

The old address is suppressed: a later import of an old file does not bring it back.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.mailbox import mailbox_key
from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.subscribers.erasure import lift_forgotten, moved_source
from lovecampaign.store.subscribers.expire_unconfirmed import delete_if_unconfirmed
from lovecampaign.store.subscribers.suppressions import (
    Suppression,
    add_suppression,
    lift_suppressions,
)
from lovecampaign.store.tables import buyer, subscriber, suppression

#: Suppressions by the subscriber's wish, not by the mail server.
_OWN_REASONS = (
    SuppressionReason.UNSUBSCRIBED.value,
    SuppressionReason.COMPLAINT.value,
    SuppressionReason.MANUAL.value,
)


def move_address(
    connection: Connection, subscriber_id: int, address: str, key: str, now: datetime
) -> bool:
    """Change an address; ``key`` is its normalised form, confirmed by a message to it.

    False where it belongs to another subscriber.
    """
    old_key = _take_address(connection, subscriber_id, address, key, now)
    if old_key is None:
        return False
    if old_key != key:
        _lift_suppressions(connection, key, now)
        _copy_suppressions(connection, old_key, key)
        _move_purchases(connection, old_key, key)
        reason, source = SuppressionReason.UNSUBSCRIBED, moved_source(subscriber_id)
        add_suppression(connection, old_key, Suppression(reason=reason, source=source), now)
    return True


def _take_address(
    connection: Connection, subscriber_id: int, address: str, key: str, now: datetime
) -> str | None:
    """The old key; None where the new one belongs to another subscriber."""
    is_theirs = subscriber.c.id == subscriber_id
    old_key: str = connection.execute(
        sa.select(subscriber.c.address_key).where(is_theirs).with_for_update()
    ).scalar_one()
    other = sa.select(subscriber.c.id).where(
        subscriber.c.address_key == key, subscriber.c.id != subscriber_id
    )
    other_id = connection.scalar(other)
    if other_id is not None and not delete_if_unconfirmed(connection, other_id, now):
        return None
    values = {"address_key": key, "email": address, "updated_at": now, "last_active_at": now}
    connection.execute(sa.update(subscriber).where(is_theirs).values(**values))
    return old_key


def _lift_suppressions(connection: Connection, key: str, now: datetime) -> None:
    """They asked by themselves, and mail reaches them there: as with a new sign-up."""
    lift_forgotten(connection, key)
    passing = (
        SuppressionReason.UNSUBSCRIBED.value,
        SuppressionReason.HARD_BOUNCE.value,
        SuppressionReason.SOFT_BOUNCES.value,
    )
    lift_suppressions(
        connection, now, suppression.c.address_key == key, suppression.c.reason.in_(passing)
    )


def _copy_suppressions(connection: Connection, old_key: str, key: str) -> None:
    names = ("list", "only_campaign", "reason", "source", "at")
    rows = sa.select(
        sa.literal(key), sa.literal(mailbox_key(key)), *(suppression.c[name] for name in names)
    ).where(
        suppression.c.address_key == old_key,
        suppression.c.reason.in_(_OWN_REASONS),
        suppression.c.lifted_at.is_(None),
    )
    statement = insert_or_ignore(connection, suppression)
    connection.execute(statement.from_select(["address_key", "mailbox", *names], rows))


def _move_purchases(connection: Connection, old_key: str, key: str) -> None:
    bought = connection.execute(sa.select(buyer).where(buyer.c.address_key == old_key)).mappings()
    rows = [{**row, "address_key": key} for row in bought]
    if rows:
        connection.execute(insert_or_ignore(connection, buyer), rows)
        connection.execute(sa.delete(buyer).where(buyer.c.address_key == old_key))
