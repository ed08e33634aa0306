"""Dates in prose: ``Friday``, ``1 March``, ``March 1st, 2027``, ``01/03/2027``."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: In the order of ``date.weekday()``.
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
#: By their first three letters.
_MONTHS = (*("jan", "feb", "mar", "apr", "may", "jun"), *("jul", "aug", "sep", "oct", "nov", "dec"))
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_YEAR = r"(?:,? (?P<{}>20\d\d))?"
#: A date, with its weekday if one precedes it; for :func:`read_date`.
DATE = (
    rf"(?:\b(?P<weekday>{WEEKDAY}),? (?:the )?)?\b(?:"
    r"(?P<iso>\d{4}-\d\d-\d\d)\b"
    r"|(?P<numbers>\d{1,2}(?P<mark>[/.])\d{1,2}(?P=mark)(?:20)?\d\d)\b"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\b{_YEAR.format('year')}"
    rf"|(?P<us_month>{_MONTH}) (?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?\b{_YEAR.format('us_year')})"
)


def read_date(match: re.Match[str]) -> Iterator[tuple[int | None, int, int]]:
    """Year, month and day of a match of DATE; 5/1/2027 is read in both orders."""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        yield year, month, day
    elif match["numbers"]:
        first, second, year = map(int, re.split(r"[/.]", match["numbers"]))
        yield year % 100 + 2000, first, second
        yield year % 100 + 2000, second, first
    else:
        named = (match["month"] or match["us_month"])[:3].lower()
        said = match["year"] or match["us_year"]
        day = int(match["day"] or match["us_day"])
        yield int(said) if said else None, _MONTHS.index(named) + 1, day
