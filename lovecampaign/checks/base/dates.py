"""Dates in prose: ``Friday``, ``1 March``, ``Sonntag, den 28. Februar``, ``01/03/2027``.

Names of days and months are known in English, German, French, Spanish, Italian, Dutch, Portuguese.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

#: In the order of ``date.weekday()``.
_WEEKDAYS = (
    "monday montag lundi lunes lunedì maandag segunda-feira",
    "tuesday dienstag mardi martes martedì dinsdag terça-feira",
    "wednesday mittwoch mercredi miércoles mercoledì woensdag quarta-feira",
    "thursday donnerstag jeudi jueves giovedì donderdag quinta-feira",
    "friday freitag vendredi viernes venerdì vrijdag sexta-feira",
    "saturday samstag sonnabend samedi sábado sabato zaterdag",
    "sunday sonntag dimanche domingo domenica zondag",
)
#: English names by their first three letters.
_ENGLISH_MONTHS = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
]
_MONTHS = (
    "januar janvier enero gennaio januari janeiro",
    "februar février febrero febbraio februari fevereiro",
    "märz mars marzo maart março",
    "april avril abril aprile",
    "mai mayo maggio mei maio",
    "juni juin junio giugno junho",
    "juli juillet julio luglio julho",
    "august août agosto augustus",
    "september septembre septiembre settembre setembro",
    "oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "dezember décembre diciembre dicembre december dezembro",
)
_WEEKDAY_NUMBERS = {
    name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()
}
_MONTH_NUMBERS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}


def _any_of(names: list[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


WEEKDAY = rf"(?:{_any_of(list(_WEEKDAY_NUMBERS))})"
_MONTH = rf"(?:(?:{_any_of(list(_MONTH_NUMBERS))})\b|(?:{'|'.join(_ENGLISH_MONTHS)})[a-z]*)"
_YEAR = r"(?:,?(?: de)? (?P<{}>20\d\d)|(?!,?(?: de)? \d{{4}}))\b"
#: A date, with its weekday if one precedes it; for :func:`read_date`.
DATE = (
    rf"(?:\b(?P<weekday>{WEEKDAY}),? (?:the |den |dem |le |el |il )?)?(?:\b(?:"
    r"(?P<iso>\d{4}-\d\d-\d\d)\b"
    r"|(?P<numbers>\d{1,2}(?:/\d{1,2}/|\.\d{1,2}\.)(?:20)?\d\d)\b"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|[.º°])?(?: of| de)? (?P<month>{_MONTH})\b"
    rf"{_YEAR.format('year')}"
    rf"|(?P<us_month>{_MONTH}) (?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?\b{_YEAR.format('us_year')})"
    r"|(?:(?<=\bam )|(?<=\bbis )|(?<=\bzum )|(?<=, ))(?P<short>\d{1,2}\.\d{1,2}\.)(?!\d))"
)


def weekday_number(name: str) -> int:
    """The number of a match of WEEKDAY, as of ``date.weekday()``."""
    return _WEEKDAY_NUMBERS[name.lower()]


def read_date(match: re.Match[str]) -> Iterator[tuple[int | None, int, int]]:
    """Year, month and day of a match of DATE; 5/1/2027 is read in both orders."""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        yield year, month, day
    elif match["numbers"]:
        first, second, year = map(int, re.split(r"[/.]", match["numbers"]))
        yield year % 100 + 2000, first, second
        yield year % 100 + 2000, second, first
    elif match["short"]:
        day, month = map(int, match["short"].split(".")[:2])
        yield None, month, day
    else:
        said = match["year"] or match["us_year"]
        day = int(match["day"] or match["us_day"])
        yield int(said) if said else None, _month_number(match["month"] or match["us_month"]), day


def dates_near(match: re.Match[str], near: date) -> Iterator[date]:
    """The readings of a match of DATE as dates; without a year, those nearest to ``near``."""
    for year, month, day in read_date(match):
        years = [year] if year else range(near.year - 1, near.year + 2)
        days = [found for one in years if (found := _date(one, month, day))]
        if days:
            yield min(days, key=lambda found: abs(found - near))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_number(name: str) -> int:
    name = name.lower()
    return _MONTH_NUMBERS.get(name) or _ENGLISH_MONTHS.index(name[:3]) + 1
