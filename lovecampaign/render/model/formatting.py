"""How are dates and times said to a reader: in their language and zone, and naming it?"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

import pendulum
from pendulum.locales.locale import Locale

_DATE = "dddd D MMMM YYYY"
#: Scripts written from right to left, by the language that a campaign names.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


class LocalizedDate(date):
    """A date that prints as ``Monday 1 February 2027``."""

    _language: str

    @classmethod
    def of(cls, day: date, language: str) -> Self:
        spoken = cls(day.year, day.month, day.day)
        spoken._language = language
        return spoken

    def __str__(self) -> str:
        return _say_date(self.year, self.month, self.day, self._language)


class LocalizedTime(datetime):
    """An instant that prints as ``Wednesday 3 March 2027, 23:59 (Paris time)``."""

    _language: str

    @classmethod
    def of(cls, instant: datetime, zone: str, language: str) -> Self:
        local = instant.astimezone(ZoneInfo(zone))
        spoken = cls(
            local.year,
            local.month,
            local.day,
            local.hour,
            local.minute,
            local.second,
            tzinfo=local.tzinfo,
            fold=local.fold,
        )
        spoken._language = language
        return spoken

    def __str__(self) -> str:
        day = _say_date(self.year, self.month, self.day, self._language)
        zone = zone_name(str(self.tzinfo), self._language)
        return f"{day}, {self.hour:02}:{self.minute:02} ({zone})"


def zone_name(zone: str, language: str) -> str:
    """``America/New_York`` as people say it: ``New York time``, or the place elsewhere."""
    place = zone.rsplit("/", 1)[-1].replace("_", " ")
    if zone.startswith("Etc/") or "/" not in zone:
        return place
    return f"{place} time" if _base(language) == "en" else place


def direction_of(language: str) -> str:
    """``rtl`` or ``ltr``, for the HTML attribute ``dir``."""
    return "rtl" if _base(language) in _RIGHT_TO_LEFT else "ltr"


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()


@lru_cache(maxsize=1024)
def _say_date(year: int, month: int, day: int, language: str) -> str:
    # Pendulum takes 0.3 ms for a date: too long for every person.
    return pendulum.date(year, month, day).format(_DATE, locale=_locale(language))


def _locale(language: str) -> str:
    """Pendulum's locale for a language; English where it speaks none nearer."""
    for candidate in (language.replace("-", "_").lower(), _base(language)):
        try:
            Locale.load(candidate)
        except ValueError:
            continue
        return candidate
    return "en"
