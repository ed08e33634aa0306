"""Memberships of lists: whether a member is mailable, and how one is confirmed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.subscribers.suppressions import suppression_conditions
from lovecampaign.store.tables import membership, subscriber


def is_mailable_member(
    connection: Connection, subscriber_id: int, list_name: str, campaign_key: str, now: datetime
) -> bool:
    """Whether a subscriber is a confirmed member of a list, and not suppressed in a campaign."""
    expires_at = membership.c.consent_expires_at
    is_suppressed = sa.exists().where(
        *suppression_conditions(subscriber.c.address_key, list_name, campaign_key)
    )
    statement = (
        sa.select(sa.literal(1))
        .select_from(membership.join(subscriber, subscriber.c.id == membership.c.subscriber_id))
        .where(
            membership.c.list == list_name,
            membership.c.subscriber_id == subscriber_id,
            membership.c.confirmed_at.is_not(None),
            sa.or_(expires_at.is_(None), expires_at > now),
            sa.not_(is_suppressed),
        )
    )
    return connection.scalar(statement) is not None


def confirm_membership(
    connection: Connection, list_name: str, subscriber_id: int, now: datetime
) -> None:
    """Make a subscriber a confirmed member of a list.

    ``joined_at``, which ``late_joiners`` counts from, is the first confirmation: a founder who
    returns is no late joiner.
    """
    is_member = (membership.c.list == list_name, membership.c.subscriber_id == subscriber_id)
    connection.execute(
        insert_or_ignore(connection, membership).values(
            list=list_name, subscriber_id=subscriber_id, joined_at=now
        )
    )
    connection.execute(
        sa.update(membership)
        .where(*is_member, membership.c.confirmed_at.is_(None))
        .values(joined_at=now)
    )
    connection.execute(
        sa.update(membership).where(*is_member).values(confirmed_at=now, consent_expires_at=None)
    )
