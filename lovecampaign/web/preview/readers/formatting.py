"""How are times, sizes and counts said on pages?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo


def _clock(instant: datetime, zone: str) -> str:
    """``Tue 2 Feb, 09:00`` on a clock in that zone."""
    there = instant.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b, %H:%M}"


def _say_day(day: date, zone: str = "UTC") -> str:
    """``Tuesday 2 February 2027``; of an instant, on a calendar in that zone."""
    if isinstance(day, datetime):
        day = day.astimezone(ZoneInfo(zone))
    return f"{day:%A} {day.day} {day:%B %Y}"


def _kilobytes(number: int) -> str:
    return f"{number / 1000:.1f} kB"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


#: As templates name them: ``{{ due | clock(zone) }}``.
SPOKEN: Mapping[str, Callable[..., str]] = {
    "clock": _clock,
    "day": _say_day,
    "kilobytes": _kilobytes,
    "people": _people,
}
