"""The promise of an answer: a time span in working days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.zones import ZoneInfo
from lovecampaign.store.dialogue.desk.cases import CaseStep

_A_DAY = timedelta(days=1)


def promised_at(campaign: Campaign, start: datetime) -> datetime:
    """When an answer to a letter of ``start`` is promised."""
    return add_working_time(campaign, start, campaign.desk.within)


def add_working_time(campaign: Campaign, start: datetime, span: timedelta) -> datetime:
    """``start`` and a span of working days; whole days end at the same time of day.

    What begins on a day off begins with the next working day. Hours run on through the night.
    """
    zone = ZoneInfo(campaign.timezone)
    local = start.astimezone(zone)
    if local.weekday() not in campaign.desk.days:
        local = datetime.combine(_next_working_day(campaign, local), time(), zone)
    for _ in range(span.days):
        local = _next_working_day(campaign, local)
    local += span - timedelta(days=span.days)
    if local.weekday() not in campaign.desk.days:
        local = _next_working_day(campaign, local)
    return local.astimezone(start.tzinfo)


def step_dates(campaign: Campaign, start: datetime) -> Mapping[CaseStep, datetime]:
    """When each step of a case is due: the next step within the promise, the last after three."""
    first = promised_at(campaign, start)
    later = add_working_time(campaign, first, campaign.desk.within)
    return {
        CaseStep.GREET: first,
        CaseStep.LISTEN: first,
        CaseStep.NEXT: first,
        CaseStep.THANK: later,
        CaseStep.FOLLOW_THROUGH: add_working_time(campaign, later, campaign.desk.within),
    }


def _next_working_day(campaign: Campaign, local: datetime) -> datetime:
    local += _A_DAY
    while local.weekday() not in campaign.desk.days:
        local += _A_DAY
    return local
