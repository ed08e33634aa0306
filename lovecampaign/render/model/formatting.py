"""Dates, times and prices by CLDR: in the campaign's language and the subscriber's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from lovecampaign.campaign.model.deal import Money
from lovecampaign.campaign.words.locale import base_language, locale_of
from lovecampaign.core.zones import load_zone

if TYPE_CHECKING:
    from babel import Locale

#: Languages written from right to left.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
#: Plain ``en`` is read all over the world: day before month, and 24 hours.
_WORLD_ENGLISH = ("en_GB", "EEEE d MMMM y")
#: The word after a time of day, which CLDR's patterns lack.
_AFTER_CLOCK = {"de": " Uhr"}


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
        local = instant.astimezone(load_zone(zone)).replace(microsecond=0)
        localized = cls.combine(local.date(), local.timetz()).replace(fold=local.fold)
        localized._language = language  # noqa: SLF001 - its own
        return localized

    def __str__(self) -> str:
        language = self._language
        day = _format_date(self.year, self.month, self.day, language)
        clock = _format_clock(self.hour, self.minute, language)
        together = _date_and_time(language).format(clock, day)
        return f"{together} ({zone_name(str(self.tzinfo), language)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalizedMoney(Money):
    """A price that prints as ``59,00 €``."""

    language: str

    @classmethod
    def of(cls, price: Money, language: str) -> Self:
        return cls(amount=price.amount, currency=price.currency, text=price.text, language=language)

    def __str__(self) -> str:
        return _format_money(self.amount, self.currency, self.language)


@lru_cache(maxsize=1024)
def zone_name(zone: str, language: str) -> str:
    """``New York time`` for ``America/New_York``; in other languages than English the city."""
    place = zone.rsplit("/", 1)[-1].replace("_", " ")
    if zone.startswith("Etc/") or "/" not in zone:
        return place
    return f"{place} time" if base_language(language) == "en" else city_name(zone, language)


def city_name(zone: str, language: str) -> str:
    """``Londres`` for ``Europe/London``; in English what the zone's name says below its region."""
    place = zone.partition("/")[2].replace("_", " ")
    if base_language(language) == "en":
        return place
    from babel.dates import get_timezone_location

    try:
        return get_timezone_location(load_zone(zone), locale=locale_of(language), return_city=True)
    except LookupError:  # a zone that Babel's tables do not know yet
        return place.rpartition("/")[2]


def direction_of(language: str) -> str:
    """``rtl`` or ``ltr``, for the HTML attribute ``dir``."""
    return "rtl" if base_language(language) in _RIGHT_TO_LEFT else "ltr"


# Babel takes 20 to 50 µs for a value: too long for every message.


@lru_cache(maxsize=1024)
def _format_date(year: int, month: int, day: int, language: str) -> str:
    from babel.dates import format_date

    locale, pattern = _date_locale(language)
    text = format_date(date(year, month, day), pattern, locale=locale)
    # CLDR has no ordinals; French says "le 1er", and "le 2".
    return text.replace(" 1 ", " 1er ") if day == 1 and base_language(language) == "fr" else text


@lru_cache(maxsize=2048)
def _format_clock(hour: int, minute: int, language: str) -> str:
    from babel.dates import format_time

    locale, _ = _date_locale(language)
    clock = format_time(datetime(2000, 1, 1, hour, minute), "short", locale=locale)  # noqa: DTZ001
    return clock + _AFTER_CLOCK.get(base_language(language), "")


@lru_cache(maxsize=64)
def _date_and_time(language: str) -> str:
    locale, _ = _date_locale(language)
    return str(locale.datetime_formats["medium"])


def _date_locale(language: str) -> tuple[Locale, str]:
    """The locale of dates, and the name or text of their pattern."""
    if language == "en":
        name, pattern = _WORLD_ENGLISH
        return locale_of(name), pattern
    return locale_of(language), "full"


@lru_cache(maxsize=1024)
def _format_money(amount: Decimal, currency: str, language: str) -> str:
    from babel.numbers import format_currency

    # Never rounded: a third decimal that was written is printed; 59 gets its two zeros.
    return format_currency(amount, currency, locale=locale_of(language), decimal_quantization=False)
