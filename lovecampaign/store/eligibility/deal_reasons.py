"""The skip reasons of an email with a deal: it is closed, or sold out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from lovecampaign.campaign.model.deal import Deal, WhenGone
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.deal_stock.extensions import has_extension
from lovecampaign.store.deal_stock.stock import RecordedDeal, has_unit, is_sold_out
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.requirements import Condition
from lovecampaign.store.tables import Instant, subscriber

SkipCondition: TypeAlias = tuple[Condition, SkipReason]


def deal_reasons(
    eligibility: Eligibility, goes_out_at: sa.ColumnElement[datetime]
) -> Sequence[SkipCondition]:
    """SQL conditions over subscribers, each with its skip reason; none for other emails."""
    deal = eligibility.campaign.deal_of(eligibility.email)
    if deal is None:
        return ()
    is_late = goes_out_at >= sa.literal(deal.closes, Instant)
    more_time = has_extension(eligibility.campaign_id, deal.key, goes_out_at)
    closed = (sa.and_(is_late, sa.not_(more_time)), SkipReason.DEAL_CLOSED)
    if deal.quantity is None or deal.when_gone is WhenGone.WAITLIST:
        return (closed,)
    return (closed, (_is_gone(eligibility, deal), SkipReason.SOLD_OUT))


def _is_gone(eligibility: Eligibility, deal: Deal) -> Condition:
    recorded = RecordedDeal(
        campaign=eligibility.campaign, campaign_id=eligibility.campaign_id, deal=deal
    )
    now = eligibility.instant
    return sa.and_(is_sold_out(recorded, now), sa.not_(has_unit(recorded, subscriber.c.id, now)))
