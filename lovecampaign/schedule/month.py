"""Calendars of the day emails in one zone, with one email per local day.

A calendar has the campaign's own dates, or personal ones that start later (``from-day-1``). Quiet
hours may move an email to the next day; there, the email of that day comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.model.sending import ClockChoice
from lovecampaign.schedule.instants import local_day, to_utc
from lovecampaign.schedule.quiet import after_quiet_hours, extend_past_quiet_hours
from lovecampaign.schedule.slot import EVER_BEFORE, SlotTime


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEntry:
    """One day email on a calendar."""

    email: Email
    time: SlotTime
    #: The local day on which it goes out.
    day: date
    #: Whether it was moved off its own day: by quiet hours, or because the zone never had it.
    is_displaced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWindow:
    """Subscribers who joined in ``[start, end)`` get the day email.

    Earlier ones get the email that took its local day; later ones joined too late.
    """

    entry: DayEntry
    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        return self.start >= self.end


def day_zone(campaign: Campaign, zone: str) -> str:
    """The zone of the clock for day emails: the subscriber's or the campaign's."""
    return zone if campaign.sending.clock is ClockChoice.SUBSCRIBER else campaign.timezone


def campaign_calendar(campaign: Campaign, zone: str) -> tuple[DayEntry, ...]:
    """All day emails on the campaign's own dates, in the order of their moments."""
    entries = (enter(campaign, email, email_date(email), zone) for email in campaign.day_emails)
    return tuple(sorted(entries, key=_by_moment))


def enter(campaign: Campaign, email: Email, day: date, zone: str) -> DayEntry:
    """A day email on a date, for subscribers in ``zone``."""
    clock_zone = day_zone(campaign, zone)
    moment = to_utc(day, campaign.sending.at if email.at is None else email.at, clock_zone)
    due = after_quiet_hours(moment, zone, campaign.sending.quiet_hours)
    own_day = day if clock_zone == zone else local_day(moment, zone)
    going_out = local_day(due, zone)
    expires = _expiry(campaign, zone, moment, due)
    return DayEntry(
        email=email,
        time=SlotTime(moment=moment, due=due, day=going_out, expires=expires),
        day=going_out,
        is_displaced=going_out != own_day,
    )


def email_date(email: Email) -> date:
    """The date of a day email; raises ValueError for an email that has none."""
    if email.date is None:
        raise ValueError(f"{email.key} has no date")
    return email.date


def assign_join_windows(
    entries: Iterable[DayEntry], joined_before: Callable[[DayEntry], datetime]
) -> Mapping[str, JoinWindow]:
    """Join windows by email key: for each joining time, at most one email per local day.

    On each day its own email has priority over displaced ones, then the earlier moment.
    ``joined_before`` rewindows the end of joining for an email.
    """
    taken_before: dict[date, datetime] = {}
    windows: dict[str, JoinWindow] = {}
    for entry in sorted(entries, key=lambda entry: (entry.is_displaced, *_by_moment(entry))):
        start, end = taken_before.get(entry.day, EVER_BEFORE), joined_before(entry)
        windows[entry.email.key] = JoinWindow(entry=entry, start=start, end=end)
        taken_before[entry.day] = max(start, end)
    return windows


def _expiry(campaign: Campaign, zone: str, moment: datetime, due: datetime) -> datetime:
    """When the email is late: counted from its moment, or from ``due`` after long quiet hours."""
    late_after = campaign.sending.late_after
    expires = moment + late_after if moment + late_after > due else due + late_after
    return extend_past_quiet_hours(expires, zone, campaign.sending.quiet_hours)


def _by_moment(entry: DayEntry) -> tuple[datetime, int]:
    return (entry.time.moment, entry.email.number or 0)
