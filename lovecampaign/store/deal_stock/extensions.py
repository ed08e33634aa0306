"""Deal extensions: more time for one subscriber, with the reason."""

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
from lovecampaign.store.deal_stock.stock import is_row_of_deal
from lovecampaign.store.tables import Instant, deal_extension, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """More time for one subscriber."""

    subscriber_id: int
    until: datetime
    #: Kept for later questions: why this subscriber and not others.
    why: str


def extend_deal(
    connection: Connection, campaign_id: int, deal: Deal, given: Extension, now: datetime
) -> None:
    """Give a subscriber more time; earlier extensions are kept.

    Raises UsageError for an end in the past, or no later than the current one.
    """
    known = extended_closing_times(connection, campaign_id, deal.key, [given.subscriber_id])
    closes = closing_time(deal, known.get(given.subscriber_id))
    if given.until <= now:
        raise UsageError("that time is past", hint="name a later one")
    if given.until <= closes:
        raise UsageError(
            f"that is no extension: the deal closes for them at {format_instant(closes)}",
            hint="name a later one; an extension is never shortened",
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


def extended_closing_times(
    connection: Connection, campaign_id: int, deal: str, subscriber_ids: Sequence[int]
) -> Mapping[int, datetime]:
    """The latest extended end of each of these subscribers who has one."""
    if not subscriber_ids:
        return {}
    latest = sa.type_coerce(sa.func.max(deal_extension.c.until), Instant).label("until")
    rows = connection.execute(
        sa.select(deal_extension.c.subscriber_id, latest)
        .where(
            is_row_of_deal(deal_extension, campaign_id, deal),
            deal_extension.c.subscriber_id.in_(subscriber_ids),
        )
        .group_by(deal_extension.c.subscriber_id)
    )
    return {row.subscriber_id: row.until for row in rows}


def has_extension(
    campaign_id: int, deal: str, at: sa.ColumnElement[datetime]
) -> sa.ColumnElement[bool]:
    """For SQL over subscribers: whether their extended end of the deal is later than ``at``."""
    return sa.exists().where(
        is_row_of_deal(deal_extension, campaign_id, deal),
        deal_extension.c.subscriber_id == subscriber.c.id,
        deal_extension.c.until > at,
    )
