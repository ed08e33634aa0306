"""Which addresses rest? Three soft bounces on different days, until the next campaign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.is_one_of import is_one_of
from lovecampaign.store.database.types import MICROSECOND
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.tables import campaign, delivery, event

#: Soft bounces on this many different days rest an address until the next campaign.
SOFT_BOUNCE_DAYS = 3
_A_DAY = timedelta(days=1) // MICROSECOND


def find_over_soft_bounce_limit(
    connection: Connection, subscriber_ids: Collection[int]
) -> dict[str, list[int]]:
    """Of these people, whose address has to rest, by the campaign in which it does."""
    if not subscriber_ids:
        return {}
    day = sa.type_coerce(event.c.at, sa.BigInteger) // _A_DAY
    rows = connection.execute(
        sa.select(campaign.c.key, event.c.subscriber_id)
        .select_from(event)
        .join(delivery, delivery.c.id == event.c.delivery_id)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .where(
            event.c.kind == EventKind.SOFT_BOUNCED.value,
            is_one_of(connection, event.c.subscriber_id, subscriber_ids),
        )
        .group_by(campaign.c.key, event.c.subscriber_id)
        .having(sa.func.count(sa.distinct(day)) >= SOFT_BOUNCE_DAYS)
        .order_by(campaign.c.key, event.c.subscriber_id)
    )
    found = defaultdict(list)
    for key, subscriber_id in rows:
        found[key].append(subscriber_id)
    return found
