"""Quiet hours: they delay an email, and never make it late. Also zone clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.core.zones import load_zone
from lovecampaign.schedule.instants import effective_zone, local_day, to_utc, to_utc_second

#: An email that quiet hours delayed may be sent this long after them, even if it is late by then:
#: enough for an hourly cron job.
GRACE = timedelta(hours=1)
_INSTANT_BEFORE = timedelta(microseconds=1)
ZoneClocks = Mapping[str, "ZoneClock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneClock:
    """The clock of a zone at one instant."""

    #: The day that a one-a-day email sent now would take.
    local_day: date
    #: The end of the current quiet hours; None if there are none now.
    quiet_until: datetime | None


def quiet_hours_of(campaign: Campaign, email: Email) -> QuietHours | None:
    """The quiet hours of an email; launch emails have them only with ``respects_quiet_hours``.

    Answers to a confirmation have none: the subscriber is awake.
    """
    if email.role in (Role.WELCOME, Role.CONFIRM):
        return None
    if email.role is Role.LAUNCH and not email.respects_quiet_hours:
        return None
    return campaign.sending.quiet_hours


def is_quiet(instant: datetime, zone: str, quiet_hours: QuietHours | None) -> bool:
    """Whether an instant is inside the quiet hours of ``zone``; their end is outside."""
    if quiet_hours is None:
        return False
    return _holds(quiet_hours, instant.astimezone(load_zone(zone)).time())


def after_quiet_hours(instant: datetime, zone: str, quiet_hours: QuietHours | None) -> datetime:
    """The instant, or the end of the quiet hours that it is in."""
    if quiet_hours is None:
        return instant
    local = instant.astimezone(load_zone(zone))
    if not _holds(quiet_hours, local.time()):
        return instant
    return _next_end(instant, _end_day(quiet_hours, local), quiet_hours.end, zone)


def extend_past_quiet_hours(
    expires: datetime, zone: str, quiet_hours: QuietHours | None
) -> datetime:
    """The expiry of an email, moved past quiet hours.

    Quiet hours never drop an email: if it was in time at their start, it is at their end.
    """
    last_in_time = expires - _INSTANT_BEFORE
    if not is_quiet(last_in_time, zone, quiet_hours):
        return expires
    return after_quiet_hours(last_in_time, zone, quiet_hours) + GRACE


def read_clock(campaign: Campaign, zone: str, now: datetime) -> ZoneClock:
    """The clock of a stored zone; '' and unknown ones are possible."""
    place = effective_zone(zone, campaign)
    awake = after_quiet_hours(now, place, campaign.sending.quiet_hours)
    return ZoneClock(local_day=local_day(now, place), quiet_until=awake if awake != now else None)


def _holds(quiet_hours: QuietHours, at: time) -> bool:
    start, end = quiet_hours.start, quiet_hours.end
    if start <= end:
        return start <= at < end
    return at >= start or at < end


def _end_day(quiet_hours: QuietHours, local: datetime) -> date:
    is_evening = quiet_hours.start > quiet_hours.end and local.time() >= quiet_hours.start
    return local.date() + timedelta(days=is_evening)


def _next_end(instant: datetime, day: date, end: time, zone: str) -> datetime:
    first = to_utc(day, end, zone)
    # Inside an hour that comes twice, the first end may lie before the instant.
    return first if first > instant else to_utc_second(day, end, zone)
