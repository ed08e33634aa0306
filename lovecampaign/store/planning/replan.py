"""Which planned rows stand at a time that no longer holds?

An edited time or zone counts for everything that is not yet claimed (DESIGN.md, "Time"), also
for rows that a pause or a limit has left. Such rows go, and planning makes them anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.store.eligibility.disposition import Disposition
from lovecampaign.store.tables import PLANNED, batch, delivery, email, subscriber


def find_emails_with_unclaimed_rows(
    connection: Connection, email_ids: Mapping[str, int]
) -> Collection[str]:
    """The keys of these emails that have planned rows which nobody has claimed yet."""
    is_untried = sa.exists().where(
        delivery.c.batch_id == batch.c.id,
        delivery.c.state == PLANNED,
        delivery.c.first_claimed_at.is_(None),
    )
    found = connection.scalars(
        sa.select(email.c.key)
        .distinct()
        .join(batch, batch.c.email_id == email.c.id)
        .where(email.c.id.in_(email_ids.values()), is_untried)
    )
    return set(found)


def delete_moved_rows(connection: Connection, disposition: Disposition, email_id: int) -> int:
    """Take away the rows of people whose time has moved; slots must be laid out before.

    Rows that the operator made due (``retry``) stand at no slot's time, and stay.
    """
    stands = sa.exists(
        sa.select(sa.literal(1))
        .select_from(disposition.rows)
        .where(subscriber.c.id == delivery.c.subscriber_id, disposition.due == delivery.c.due)
        .correlate(delivery)
    )
    conditions = [
        # Batch by batch: the index of planned rows leads past all that are sent.
        delivery.c.batch_id.in_(sa.select(batch.c.id).where(batch.c.email_id == email_id)),
        delivery.c.state == PLANNED,
        delivery.c.first_claimed_at.is_(None),
        sa.not_(stands),
    ]
    if disposition.eligibility.email.role is not Role.LAUNCH:
        conditions.append(delivery.c.expires_at.is_not(None))
    return connection.execute(sa.delete(delivery).where(*conditions)).rowcount
