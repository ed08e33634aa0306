"""Parsers of times of day, dates, instants, campaign days, durations and quiet hours."""

from __future__ import annotations

import re
from calendar import month_name, monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.campaign.schema import corrections
from lovecampaign.campaign.source.errors import (
    BadValue,
    require_match,
    require_text,
    show_value,
)
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.zones import load_zone

#: Days count on after the launch.
MAX_DAY = 366
FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_DURATION = timedelta(days=366)

_TIME_HINT = "write hours and minutes from 00:00 to 23:59, like 09:00"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DAY_IN_WORDS = (
    r"(?:tag|jour|d[ií]a|giorno|dag)\s*(\d{1,3}),?\s+(?:um|à|a las|alle|om|às)?\s*(\d.*)"
)
_DASH = r"\s*(?:-|–|—|to)\s*"  # word processors turn hyphens into dashes
#: ``launch``, ``launch -1d 10:00``, ``launch +2h``, ``start +3d 23:59``.
ANCHORED = r"(start|launch)(?:\s*([-+–—−])\s*(\d{1,3})\s*([dhm]))?(?:,?\s+(?:at\s+)?(\d.*))?"


class Anchor(StrEnum):
    """A moment of the campaign that other times are counted from."""

    START = "start"  #: day 1 at ``sending.at``
    LAUNCH = "launch"  #: ``launch.day`` at ``launch.at``


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point in time as written: on a day of the campaign, a date, from an anchor, or an instant.

    At most one of ``day``, ``date``, ``anchor`` and ``instant`` is set; none means the launch day.
    """

    day: int | None = None
    date: date | None = None
    at: time | None = None
    instant: datetime | None = None
    anchor: Anchor | None = None
    #: From the anchor: whole days on the calendar, and exact hours or minutes.
    days: int = 0
    shift: timedelta = timedelta(0)

    def __str__(self) -> str:
        """The point in the author's spelling."""
        if self.instant:
            return self.instant.isoformat(timespec="minutes")
        minutes = self.shift // timedelta(minutes=1)
        parts = (
            self.anchor or (f"day {self.day}" if self.day else self.date),
            f"{self.days:+}d" if self.days else None,
            f"{minutes // 60:+}h" if minutes and minutes % 60 == 0 else None,
            f"{minutes:+}m" if minutes % 60 else None,
            f"{self.at:%H:%M}" if self.at else None,
        )
        return " ".join(str(part) for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDates:
    """What points in time are resolved against: the zone, and the two anchors."""

    zone: str
    start: date
    start_at: time
    launch_day: int
    launch_at: time

    def resolve(self, point: Point) -> datetime:
        """The UTC instant; times without an offset are in the campaign's zone.

        A time inside the gap of a clock change moves forward by the gap; of two, the first counts.
        """
        if point.instant is not None:
            return point.instant.astimezone(UTC)
        at = point.at or (self.start_at if point.anchor is Anchor.START else self.launch_at)
        local = datetime.combine(self.date_of(point), at, load_zone(self.zone))
        return local.astimezone(UTC) + point.shift

    def date_of(self, point: Point) -> date:
        """The date of a point that is not an instant."""
        if point.date is not None:
            return point.date
        first = 1 if point.anchor is Anchor.START else self.launch_day
        return self.start + timedelta(days=(point.day or first + point.days) - 1)


def parse_clock_time(value: object) -> time:
    """``09:00`` or ``9:00``."""
    code, what = ProblemCode.TIME_OF_DAY, "a time of day"
    if is_whole_number(value):
        message = f"{show_value(value)} is not {what}"
        raise BadValue(code, message, _correct_time(str(value)) or _TIME_HINT)
    match = require_match(r"(\d{1,2}):(\d{2})", value, code, what, _TIME_HINT, _correct_time)
    hour, minute = int(match[1]), int(match[2])
    if hour == 24 and minute == 0:
        hint = "write 23:59 or the next day 00:00"
        raise BadValue(code, "24:00 is 00:00 of the next day", hint)
    if hour > 23 or minute > 59:
        raise BadValue(code, f"the day has no {match[0]}", "write 00:00 to 23:59")
    return time(hour, minute)


def parse_date(value: object) -> date:
    """``2027-02-01``."""
    code, hint = ProblemCode.DATE, "write year, month and day, like 2027-02-01"
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
        hint = f"its last day is {year}-{month:02d}-{days:02d}"
        raise BadValue(code, message, hint)
    return date(year, month, day)


def parse_point(value: object) -> Point:
    """``day 27 10:00``, ``day -14``, ``launch -1d 10:00``, ``10:00`` (launch day), an instant."""
    hint = "write it like day 27 10:00, launch -1d 10:00 or 2027-02-01T10:00+01:00"
    text = require_text(value, ProblemCode.POINT, "a point in time", hint)
    if match := re.fullmatch(r"day\s*[-–—−]\s*(\d{1,3})(,?\s.+)?", text, re.IGNORECASE):
        return parse_point(f"start -{match[1]}d{match[2] or ''}")
    if match := re.fullmatch(r"day\s*(\d{1,4})(?:,?\s+(?:at\s+)?(.+))?", text, re.IGNORECASE):
        return _day_point(int(match[1]), match[2])
    if match := re.fullmatch(ANCHORED, text, re.IGNORECASE):
        return _anchored_point(match)
    if match := re.fullmatch(_DAY_IN_WORDS, text, re.IGNORECASE):
        at = corrections.correct_time(match[2])
        hint = f"write day {match[1]} {at}" if at else hint
    if re.fullmatch(r"\d{1,2}:\d{2}", text):
        return Point(at=parse_clock_time(text))
    if re.match(r"\d{4}-\d{1,2}-\d{1,2}", text):
        return _dated_point(text, hint)
    raise BadValue(ProblemCode.POINT, f"{text!r} is not a point in time", hint)


def parse_date_or_anchor(value: object) -> Point:
    """``2027-02-01``, ``launch`` or ``launch +4d``."""
    match = re.fullmatch(ANCHORED, value.strip(), re.IGNORECASE) if isinstance(value, str) else None
    if match is None:
        return Point(date=parse_date(value))
    point = _anchored_point(match)
    if point.at or point.shift:
        message = f"{value} is a time, and a date is expected here"
        hint = f"write {point.anchor} or {point.anchor} +3d"
        raise BadValue(ProblemCode.DATE, message, hint)
    return point


def parse_duration(value: object) -> timedelta:
    """``90s``, ``20m``, ``4h``, ``2d``."""
    code, hint = ProblemCode.DURATION, "write a number with s, m, h or d, like 20m, 4h or 2d"
    pattern = r"(\d{1,9})\s*([smhd])"
    match = require_match(pattern, value, code, "a duration", hint, _correct_duration)
    length = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if not timedelta(0) < length <= MAX_DURATION:
        raise BadValue(code, f"{match[0]} is not between 1s and 366d")
    return length


def parse_quiet_hours(value: object) -> QuietHours:
    """``21:00-07:00``; may wrap around midnight."""
    hint = "write it like 21:00-07:00"
    text = require_text(value, ProblemCode.QUIET_HOURS, "quiet hours", hint)
    parts = re.split(_DASH, text)
    try:
        start, end = (parse_clock_time(part) for part in parts)
    except ValueError as error:
        message = f"{text!r} does not name two times of day"
        correct = _write(corrections.correct_quiet_hours(text))
        raise BadValue(ProblemCode.QUIET_HOURS, message, correct or hint) from error
    if start == end:
        message = "quiet hours that end when they start are all day"
        raise BadValue(ProblemCode.QUIET_HOURS, message, hint)
    return QuietHours(start=start, end=end)


def _day_point(day: int, clock: str | None) -> Point:
    if clock is None:
        message = f"day {day}, but at what time?"
        raise BadValue(ProblemCode.POINT, message, f"write day {day} 10:00 for ten o'clock")
    if not 1 <= day <= MAX_DAY:
        raise BadValue(ProblemCode.POINT, f"day {day} is not between day 1 and day {MAX_DAY}")
    try:
        return Point(day=day, at=parse_clock_time(clock))
    except BadValue as bad:
        at = corrections.correct_time(clock)
        hint = f"write day {day} {at}" if at else f"write hours and minutes, like day {day} 10:00"
        raise BadValue(bad.code, bad.message, hint) from bad


def _anchored_point(match: re.Match[str]) -> Point:
    anchor = Anchor(match[1].lower())
    count = int(match[3] or 0) * (1 if match[2] in (None, "+") else -1)
    if abs(count) > MAX_DAY:
        message = f"{match[0]} is more than {MAX_DAY} days or hours away"
        raise BadValue(ProblemCode.POINT, message, f"write {anchor} +3d 10:00")
    at = parse_clock_time(match[5]) if match[5] else None
    if match[4] in (None, "d", "D"):
        return Point(anchor=anchor, days=count, at=at)
    if at:
        message = f"{match[0]} names hours or minutes and a time of day"
        hint = f"keep one: {anchor} {match[2]}{match[3]}{match[4]}, or {anchor} +1d {at:%H:%M}"
        raise BadValue(ProblemCode.POINT, message, hint)
    return Point(anchor=anchor, shift=timedelta(**{_UNITS[match[4].lower()]: count}))


def _dated_point(text: str, hint: str) -> Point:
    code = ProblemCode.POINT
    pattern = r"(\d{4}-\d{1,2}-\d{1,2})(?:[T\s]+(\d{1,2}:\d{2})(:\d{2})?(.*))?"
    match = require_match(pattern, text, code, "a point in time", hint)
    day = parse_date(match[1])
    if match[2] is None:
        hint = f"write {day}T10:00 for ten o'clock in the campaign's zone"
        raise BadValue(code, f"{text}, but at what time?", hint)
    at = parse_clock_time(match[2])
    offset = match[4].strip()
    if match[3] not in (None, ":00"):
        message = f"{text!r} names seconds, and mail leaves by the minute"
        raise BadValue(code, message, f"write {match[1]}T{match[2]}{offset}")
    if not offset:
        return Point(date=day, at=at)
    return Point(instant=_instant(day, at, offset, text))


def _instant(day: date, at: time, offset: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{day}T{at:%H:%M}{offset}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{offset!r} in {text!r} is not an offset from UTC"
        hint = f"leave it out for the campaign's zone, or write one, like {day}T{at:%H:%M}+01:00"
        raise BadValue(ProblemCode.POINT, message, hint) from error


def is_whole_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _correct_time(text: str) -> str | None:
    return _write(corrections.correct_time(text))


def _correct_date(text: str) -> str | None:
    if match := re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text):
        one, two = f"{match[1]:0>2}", f"{match[2]:0>2}"
        if one != two and int(one) <= 12 and int(two) <= 12:
            year, dates = match[3], (_named(one, two), _named(two, one))
            return f"write {year}-{two}-{one} for {dates[0]}, {year}-{one}-{two} for {dates[1]}"
    return _write(corrections.correct_date(text))


def _named(day: str, month: str) -> str:
    return f"{int(day)} {month_name[int(month)]}" if 1 <= int(month) <= 12 else "no day"


def _correct_duration(text: str) -> str | None:
    return _write(corrections.correct_duration(text))


def _write(value: str | None) -> str | None:
    return f"write {value}" if value else None
