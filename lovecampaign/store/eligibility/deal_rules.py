"""May an email about the insiders' deal still go out to somebody?

Never after the deal has closed for them; and not once it is sold out, unless they hold a unit.
With ``when_gone: waitlist`` it goes out all the same: units come back, and the page behind its
link gives a place in the line. Where nothing can come of it, it would promise a price that is not
to be had.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from lovecampaign.campaign.model.deal import Deal, WhenGone
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.deal_stock.extensions import has_extension
from lovecampaign.store.deal_stock.stock import RecordedDeal, has_unit, is_sold_out
from lovecampaign.store.eligibility.eligibility import Condition, Standing
from lovecampaign.store.tables import Instant, subscriber

When: TypeAlias = tuple[Condition, SkipReason]


def deal_reasons(standing: Standing, goes_out_at: sa.ColumnElement[datetime]) -> Sequence[When]:
    """For SQL over subscribers: when which reason keeps the email back; none for other emails."""
    deal = standing.campaign.deal_of(standing.email)
    if deal is None:
        return ()
    is_late = goes_out_at >= sa.literal(deal.closes, Instant)
    more_time = has_extension(standing.campaign_id, deal.key, goes_out_at)
    closed = (sa.and_(is_late, sa.not_(more_time)), SkipReason.DEAL_CLOSED)
    if deal.quantity is None or deal.when_gone is WhenGone.WAITLIST:
        return (closed,)
    return (closed, (_is_gone(standing, deal), SkipReason.SOLD_OUT))


def _is_gone(standing: Standing, deal: Deal) -> Condition:
    found = RecordedDeal(campaign=standing.campaign, campaign_id=standing.campaign_id, deal=deal)
    now = standing.instant
    return sa.and_(is_sold_out(found, now), sa.not_(has_unit(found, subscriber.c.id, now)))
