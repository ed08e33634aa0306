"""The promise of an answer: a time span in working days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.zones import load_zone
from lovecampaign.store.dialogue.desk.cases import CaseStep

_A_DAY = timedelta(days=1)
#: No promise ends at midnight.
_DAY_BEGINS, _DAY_ENDS = time(8), time(18)
_MORNING = time(9)


def promised_at(campaign: Campaign, start: datetime) -> datetime:
    """When an answer to a letter of ``start`` is promised."""
    return add_working_time(campaign, start, campaign.desk.within)


def add_working_time(campaign: Campaign, start: datetime, span: timedelta) -> datetime:
    """``start`` and a span of working days, at a time at which people work.

    What begins on a day off begins with the next working day. An end at night is the end of the
    working day before it, unless half of the span is not over by then: then it is the next morning.
    """
    zone = load_zone(campaign.timezone)
    begins = start.astimezone(zone)
    if begins.weekday() not in campaign.desk.days:
        begins = _at(_next_working_day(campaign, begins), time())
    ends = begins
    for _ in range(span.days):
        ends = _next_working_day(campaign, ends)
    ends += span - timedelta(days=span.days)
    return _in_working_hours(campaign, begins, ends, span).astimezone(start.tzinfo)


def _in_working_hours(
    campaign: Campaign, begins: datetime, ends: datetime, span: timedelta
) -> datetime:
    works = ends.weekday() in campaign.desk.days
    if works and _DAY_BEGINS <= ends.time() <= _DAY_ENDS:
        return ends
    day = ends if works and ends.time() > _DAY_ENDS else ends - _A_DAY
    while day.weekday() not in campaign.desk.days:
        day -= _A_DAY
    evening = _at(day, _DAY_ENDS)
    if evening - begins >= span / 2:
        return evening
    is_today = works and ends.time() < _DAY_BEGINS
    return _at(ends if is_today else _next_working_day(campaign, ends), _MORNING)


def _at(day: datetime, clock: time) -> datetime:
    return datetime.combine(day, clock, day.tzinfo)


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
