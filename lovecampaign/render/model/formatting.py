"""Localized dates and times: in the campaign's language and the subscriber's zone."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Self

import pendulum
from pendulum.locales.locale import Locale

from lovecampaign.core.zones import ZoneInfo

_DATE = "dddd D MMMM YYYY"
#: Languages written from right to left.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


class LocalizedDate(date):
    """A date that prints as ``Monday 1 February 2027``."""

    _language: str

    @classmethod
    def of(cls, day: date, language: str) -> Self:
        localized = cls(day.year, day.month, day.day)
        localized._language = language
        return localized

    def __str__(self) -> str:
        return _format_date(self.year, self.month, self.day, self._language)


class LocalizedTime(datetime):
    """An instant that prints as ``Wednesday 3 March 2027, 23:59 (Paris time)``."""

    _language: str

    @classmethod
    def of(cls, instant: datetime, zone: str, language: str) -> Self:
        local = instant.astimezone(ZoneInfo(zone)).replace(microsecond=0)
        localized = cls.combine(local.date(), local.timetz()).replace(fold=local.fold)
        localized._language = language  # noqa: SLF001 - its own
        return localized

    def __str__(self) -> str:
        day = _format_date(self.year, self.month, self.day, self._language)
        zone = zone_name(str(self.tzinfo), self._language)
        return f"{day}, {self.hour:02}:{self.minute:02} ({zone})"


def zone_name(zone: str, language: str) -> str:
    """``New York time`` for ``America/New_York``; in other languages than English the city."""
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
def _format_date(year: int, month: int, day: int, language: str) -> str:
    # Pendulum takes 0.3 ms for a date: too long for every message.
    return pendulum.date(year, month, day).format(_DATE, locale=_locale(language))


def _locale(language: str) -> str:
    """Pendulum's locale for a language; English if it has none."""
    for candidate in (language.replace("-", "_").lower(), _base(language)):
        try:
            Locale.load(candidate)
        except ValueError:
            continue
        return candidate
    return "en"
