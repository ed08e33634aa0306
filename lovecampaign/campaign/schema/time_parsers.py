"""Parsers of times of day, dates, instants, campaign days, durations and quiet hours."""

from __future__ import annotations

import re
from calendar import month_name, monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.campaign.source.errors import BadValue, require_match, require_text
from lovecampaign.campaign.source.problem_codes import ProblemCode

#: Days count on after the launch.
MAX_DAY = 366
FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_DURATION = timedelta(days=366)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DASH = r"\s*(?:-|–|—|to)\s*"  # word processors turn hyphens into dashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point in time as written: on a day of the campaign, on a date, or with an offset.

    At most one of ``day``, ``date`` and ``instant`` is set; none means the launch day.
    """

    day: int | None = None
    date: date | None = None
    at: time | None = None
    instant: datetime | None = None


def resolve(point: Point, *, start: date, zone: str, launch_day: int) -> datetime:
    """The UTC instant; times without an offset are in the campaign's zone.

    A time inside the gap of a clock change moves forward by the gap; of two, the first counts.
    """
    if point.instant is not None:
        return point.instant.astimezone(UTC)
    day = point.date or start + timedelta(days=(point.day or launch_day) - 1)
    local = datetime.combine(day, point.at or time(0), ZoneInfo(zone))
    return local.astimezone(UTC)


def parse_clock_time(value: object) -> time:
    """``09:00`` or ``9:00``."""
    code, what, hint = ProblemCode.TIME_OF_DAY, "a time of day", "write 09:00"
    match = require_match(r"(\d{1,2}):(\d{2})", value, code, what, hint, _correct_time)
    hour, minute = int(match[1]), int(match[2])
    if hour == 24 and minute == 0:
        hint = "write 23:59 or the next day 00:00"
        raise BadValue(code, "24:00 is 00:00 of the next day", hint)
    if hour > 23 or minute > 59:
        raise BadValue(code, f"the day has no {match[0]}", "write 00:00 to 23:59")
    return time(hour, minute)


def parse_date(value: object) -> date:
    """``2027-02-01``."""
    code, hint = ProblemCode.DATE, "write 2027-02-01: year, month, day"
    pattern = r"(\d{4})-(\d{1,2})-(\d{1,2})"
    match = require_match(pattern, value, code, "a date", hint, _correct_date)
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue(code, f"the year {year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    if not 1 <= month <= 12:
        raise BadValue(code, f"there is no month {month}", "the order is year, month, day")
    days = monthrange(year, month)[1]
    if not 1 <= day <= days:
        message = f"{month_name[month]} {year} has {days} days, so there is no day {day}"
        hint = f"write {year}-{month:02d}-{min(max(day, 1), days):02d}"
        raise BadValue(code, message, hint)
    return date(year, month, day)


def parse_point(value: object) -> Point:
    """``day 27 10:00``, ``10:00`` (on the launch day) or ``2027-02-01T10:00+01:00``."""
    hint = "write day 27 10:00 or 2027-02-01T10:00+01:00"
    text = require_text(value, ProblemCode.POINT, "a point in time", hint)
    if match := re.fullmatch(r"day\s*(\d{1,4})(?:,?\s+(?:at\s+)?(\S+))?", text, re.IGNORECASE):
        return _day_point(int(match[1]), match[2])
    if re.fullmatch(r"\d{1,2}:\d{2}", text):
        return Point(at=parse_clock_time(text))
    if re.match(r"\d{4}-\d{1,2}-\d{1,2}", text):
        return _dated_point(text, hint)
    raise BadValue(ProblemCode.POINT, f"{text!r} is not a point in time", hint)


def parse_duration(value: object) -> timedelta:
    """``90s``, ``20m``, ``4h``, ``2d``."""
    code, hint = ProblemCode.DURATION, "write 90s, 20m, 4h or 2d"
    pattern = r"(\d{1,9})\s*([smhd])"
    match = require_match(pattern, value, code, "a duration", hint, _correct_duration)
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not timedelta(0) < length <= MAX_DURATION:
        raise BadValue(code, f"{match[0]} is not between 1s and 366d")
    return length


def parse_quiet_hours(value: object) -> QuietHours:
    """``21:00-07:00``; may wrap around midnight."""
    hint = "write 21:00-07:00"
    text = require_text(value, ProblemCode.QUIET_HOURS, "quiet hours", hint)
    parts = re.split(_DASH, text)
    try:
        start, end = (parse_clock_time(part) for part in parts)
    except ValueError as error:
        message = f"{text!r} does not name two times of day"
        raise BadValue(ProblemCode.QUIET_HOURS, message, hint) from error
    if start == end:
        message = "quiet hours that end when they start are all day"
        raise BadValue(ProblemCode.QUIET_HOURS, message, hint)
    return QuietHours(start=start, end=end)


def _day_point(day: int, clock: str | None) -> Point:
    if clock is None:
        raise BadValue(ProblemCode.POINT, f"day {day}, but at what time?", f"write day {day} 10:00")
    if not 1 <= day <= MAX_DAY:
        raise BadValue(ProblemCode.POINT, f"day {day} is not between day 1 and day {MAX_DAY}")
    return Point(day=day, at=parse_clock_time(clock))


def _dated_point(text: str, hint: str) -> Point:
    code = ProblemCode.POINT
    pattern = r"(\d{4}-\d{1,2}-\d{1,2})(?:[T\s]+(\d{1,2}:\d{2})(:\d{2})?(.*))?"
    match = require_match(pattern, text, code, "a point in time", hint)
    day = parse_date(match[1])
    if match[2] is None:
        hint = f"write {day}T10:00+01:00 or day 27 10:00"
        raise BadValue(code, f"{text}, but at what time?", hint)
    at = parse_clock_time(match[2])
    offset = match[4].strip()
    if match[3] not in (None, ":00"):
        message = f"{text!r} names seconds, and mail leaves by the minute"
        raise BadValue(code, message, f"{match[1]}T{match[2]}{offset}")
    if not offset:
        return Point(date=day, at=at)
    return Point(instant=_instant(day, at, offset, text, hint))


def _instant(day: date, at: time, offset: str, text: str, hint: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{day}T{at:%H:%M}{offset}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{offset!r} in {text!r} is not an offset from UTC"
        raise BadValue(ProblemCode.POINT, message, hint) from error


def _correct_time(text: str) -> str | None:
    match = re.fullmatch(r"(\d{1,2})(?:[.:hH](\d{2}))?\s*[hH]?\s*([aApP])?\.?[mM]?\.?", text)
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    half = (match[3] or "").lower()
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    return f"write {hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


def _correct_date(text: str) -> str | None:
    match = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text)
    if match is None or int(match[1]) <= 12:  # day and month could be swapped
        return None
    return f"write {match[3]}-{match[2]:0>2}-{match[1]:0>2}"


def _correct_duration(text: str) -> str | None:
    match = re.fullmatch(r"(\d+)\s*([a-z]+)", text, re.IGNORECASE)
    unit = match[2][0].lower() if match else ""
    if not match or unit not in _UNITS or match[2].lower().startswith("mo"):
        return None
    return f"write {match[1]}{unit}"
