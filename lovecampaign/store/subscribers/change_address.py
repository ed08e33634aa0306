"""Somebody gets their mail at another address from now on: what goes with them?

Their wish to be left alone does, and what they bought. The address they leave gets no mail any
more: an old list that still has it brings back nobody.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.subscribers.erasure import lift_forgotten, moved_source
from lovecampaign.store.subscribers.expire_unconfirmed import delete_if_unconfirmed
from lovecampaign.store.subscribers.suppressions import Suppression, add_suppression
from lovecampaign.store.tables import buyer, subscriber, suppression

#: What somebody wished, and not what their mail server said.
_WISHES = (
    SuppressionReason.UNSUBSCRIBED.value,
    SuppressionReason.COMPLAINT.value,
    SuppressionReason.MANUAL.value,
)


def move_address(
    connection: Connection, subscriber_id: int, address: str, key: str, now: datetime
) -> bool:
    """Change a person's address; ``key`` is its normalised form, and confirmed by a mail to it.

    False where somebody else is known by it.
    """
    old_key = _take_address(connection, subscriber_id, address, key, now)
    if old_key is None:
        return False
    if old_key != key:
        _clear_way(connection, key, now)
        _take_wishes_along(connection, old_key, key)
        _take_purchases_along(connection, old_key, key)
        add_suppression(connection, old_key, _left_behind(subscriber_id), now)
    return True


def _take_address(
    connection: Connection, subscriber_id: int, address: str, key: str, now: datetime
) -> str | None:
    """The key of so far; None where the new one is somebody else's."""
    person = subscriber.c.id == subscriber_id
    old_key: str = connection.execute(
        sa.select(subscriber.c.address_key).where(person).with_for_update()
    ).scalar_one()
    other = sa.select(subscriber.c.id).where(
        subscriber.c.address_key == key, subscriber.c.id != subscriber_id
    )
    other_id = connection.scalar(other)
    if other_id is not None and not delete_if_unconfirmed(connection, other_id, now):
        return None
    values = {"address_key": key, "email": address, "updated_at": now, "last_active_at": now}
    connection.execute(sa.update(subscriber).where(person).values(**values))
    return old_key


def _clear_way(connection: Connection, key: str, now: datetime) -> None:
    """They asked by themselves, and mail reaches them there: as with joining anew."""
    lift_forgotten(connection, key)
    passing = (
        SuppressionReason.UNSUBSCRIBED.value,
        SuppressionReason.HARD_BOUNCE.value,
        SuppressionReason.SOFT_BOUNCES.value,
    )
    connection.execute(
        sa.update(suppression)
        .where(
            suppression.c.address_key == key,
            suppression.c.reason.in_(passing),
            suppression.c.lifted_at.is_(None),
        )
        .values(lifted_at=now)
    )


def _take_wishes_along(connection: Connection, old_key: str, key: str) -> None:
    columns = ("list", "only_campaign", "reason", "source", "at")
    wishes = connection.execute(
        sa.select(*(suppression.c[name] for name in columns)).where(
            suppression.c.address_key == old_key,
            suppression.c.reason.in_(_WISHES),
            suppression.c.lifted_at.is_(None),
        )
    ).mappings()
    rows = [{"address_key": key, **wish} for wish in wishes]
    if rows:
        connection.execute(insert_or_ignore(connection, suppression), rows)


def _take_purchases_along(connection: Connection, old_key: str, key: str) -> None:
    bought = connection.execute(sa.select(buyer).where(buyer.c.address_key == old_key)).mappings()
    rows = [{**one, "address_key": key} for one in bought]
    if rows:
        connection.execute(insert_or_ignore(connection, buyer), rows)
        connection.execute(sa.delete(buyer).where(buyer.c.address_key == old_key))


def _left_behind(subscriber_id: int) -> Suppression:
    return Suppression(reason=SuppressionReason.UNSUBSCRIBED, source=moved_source(subscriber_id))
