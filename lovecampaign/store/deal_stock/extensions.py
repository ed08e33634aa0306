"""Who has more time for a deal than the others, and why?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.stock import closing_time
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import UsageError
from lovecampaign.store.deal_stock.stock import is_of
from lovecampaign.store.tables import Instant, deal_extension, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """More time for one person."""

    subscriber_id: int
    until: datetime
    #: For whoever asks later: why them, and not the others.
    why: str


def extend_deal(
    connection: Connection, campaign_id: int, deal: Deal, given: Extension, now: datetime
) -> None:
    """Give one person more time, and keep the reason; what was given before is kept too.

    Raises UsageError for an end that is past, or no later than the one that they have.
    """
    known = closings_for(connection, campaign_id, deal.key, [given.subscriber_id])
    closes = closing_time(deal, known.get(given.subscriber_id))
    if given.until <= now:
        raise UsageError("that time is past", hint="name a later one")
    if given.until <= closes:
        raise UsageError(
            f"that gives no more time: for them the deal closes at {format_instant(closes)}",
            hint="name a later one; time that was given is never taken back",
        )
    connection.execute(
        sa.insert(deal_extension).values(
            campaign_id=campaign_id,
            deal=deal.key,
            subscriber_id=given.subscriber_id,
            until=given.until,
            why=given.why,
            given_at=now,
        )
    )


def closings_for(
    connection: Connection, campaign_id: int, deal: str, subscriber_ids: Sequence[int]
) -> Mapping[int, datetime]:
    """The own end of each of these people who was given one; the latest counts."""
    if not subscriber_ids:
        return {}
    latest = sa.type_coerce(sa.func.max(deal_extension.c.until), Instant).label("until")
    rows = connection.execute(
        sa.select(deal_extension.c.subscriber_id, latest)
        .where(
            is_of(deal_extension, campaign_id, deal),
            deal_extension.c.subscriber_id.in_(subscriber_ids),
        )
        .group_by(deal_extension.c.subscriber_id)
    )
    return {row.subscriber_id: row.until for row in rows}


def has_more_time(
    campaign_id: int, deal: str, at: sa.ColumnElement[datetime]
) -> sa.ColumnElement[bool]:
    """For SQL over subscribers: whether their own end of the deal is later than ``at``."""
    return sa.exists().where(
        is_of(deal_extension, campaign_id, deal),
        deal_extension.c.subscriber_id == subscriber.c.id,
        deal_extension.c.until > at,
    )
