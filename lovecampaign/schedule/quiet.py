"""When do quiet hours let an email go, and do they make it late?"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.schedule.instants import to_utc, to_utc_second

#: What quiet hours have held back may go out this long after them, however late it is by then:
#: time enough for a cron job that comes by once an hour.
GRACE = timedelta(hours=1)
_INSTANT_BEFORE = timedelta(microseconds=1)


def quiet_hours_of(campaign: Campaign, email: Email) -> QuietHours | None:
    """The quiet hours that an email keeps; those of the launch keep them where they say so.

    What answers somebody who has just confirmed keeps none: they are awake.
    """
    if email.role in (Role.WELCOME, Role.CONFIRM):
        return None
    if email.role is Role.LAUNCH and not email.respects_quiet_hours:
        return None
    return campaign.sending.quiet_hours


def is_quiet(instant: datetime, zone: str, quiet_hours: QuietHours | None) -> bool:
    """Whether the clocks of ``zone`` stand inside the quiet hours; their end is outside."""
    if quiet_hours is None:
        return False
    return _holds(quiet_hours, instant.astimezone(ZoneInfo(zone)).time())


def after_quiet_hours(instant: datetime, zone: str, quiet_hours: QuietHours | None) -> datetime:
    """The instant itself, or the end of the quiet hours that it falls into."""
    if quiet_hours is None:
        return instant
    local = instant.astimezone(ZoneInfo(zone))
    if not _holds(quiet_hours, local.time()):
        return instant
    return _next_end(instant, _end_day(quiet_hours, local), quiet_hours.end, zone)


def extend_past_quiet_hours(
    expires: datetime, zone: str, quiet_hours: QuietHours | None
) -> datetime:
    """From when on an email is late, where its time may run out inside quiet hours.

    They delay and never drop: what was in time when they began is in time when they end.
    """
    last_in_time = expires - _INSTANT_BEFORE
    if not is_quiet(last_in_time, zone, quiet_hours):
        return expires
    return after_quiet_hours(last_in_time, zone, quiet_hours) + GRACE


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
