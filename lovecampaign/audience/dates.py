"""Dates and times as tools and spreadsheets write them, in seven languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from lovecampaign.audience.vocabulary.words import word_of


class DateOrder(StrEnum):
    """The order of day and month in dates such as ``03/04/2024``; the option's words."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


#: ``2024-05-12 10:15:20.123456 +0000 UTC`` (Go, so listmonk) and ``2024-05-12 10:15:20 UTC``
#: (Rails, so Kit).
_OFFSET_AND_NAME = re.compile(
    r"(?P<moment>.*?\d)(?: ?(?P<offset>[+-]\d\d:?\d\d))?(?: (?P<name>[A-Z]{3,5}))?"
)
_NAMES_OF_UTC = ("UTC", "GMT")
#: fromisoformat reads up to six digits of a second; Go writes nine.
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")
#: Consent to email cannot be older; some tools write "never" as year 0001.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

_TIME = (
    r"(?:(?:,? |T|, )(?:um |at |alle |à |a las |às |om )?(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)"
    r"(?:[:.](?P<second>\d\d)(?:\.\d+)?)?(?: ?(?P<half>[ap])\.?m\.?)?(?: uhr)?"
    r"(?: ?(?:z|utc|gmt|(?P<offset>[+-]\d\d:?\d\d)))?)?"
)
_FLAGS = re.IGNORECASE
_DOTTED = re.compile(
    rf"(?P<day>\d{{1,2}})\. ?(?P<month>\d{{1,2}})\. ?(?P<year>\d{{4}}|\d\d){_TIME}", _FLAGS
)
_SLASHED = re.compile(
    rf"(?P<one>\d{{1,2}})[/-](?P<two>\d{{1,2}})[/-](?P<year>\d{{4}}){_TIME}", _FLAGS
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})[/.](?P<month>\d{{1,2}})[/.](?P<day>\d{{1,2}}){_TIME}", _FLAGS
)
_DAY_NAME = r"(?:[^\W\d]{2,10}\.?,? )?"
_DAY_THEN_MONTH = re.compile(
    rf"{_DAY_NAME}(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er|º|°)?(?: de|[ -]) ?"
    rf"(?P<name>[^\W\d]{{3,10}})\.?,?(?: de)?[ -](?P<year>\d{{4}}){_TIME}",
    _FLAGS,
)
_MONTH_THEN_DAY = re.compile(
    rf"{_DAY_NAME}(?P<name>[^\W\d]{{3,10}})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? "
    rf"(?P<year>\d{{4}}){_TIME}",
    _FLAGS,
)
_UNIX = re.compile(r"\d{10}(?:\d{3})?")
#: The start of each month's names in the seven languages.
_MONTHS = {
    start: number
    for number, starts in enumerate(
        (
            "jan gen ene janv",
            "feb fev fevr",
            "mar mrz maa mae",
            "apr avr abr",
            "may mai mag mei",
            "jun giu juin",
            "jul lug juil",
            "aug aou ago",
            "sep set",
            "oct okt ott out",
            "nov",
            "dec dez dic",
        ),
        start=1,
    )
    for start in starts.split()
}
#: Dates that a survey of a column looks for.
_TWO_NUMBERS = re.compile(r"(?m)^\s*(\d{1,2})[/-](\d{1,2})[/-]\d{4}")


def parse_datetime(cell: str, order: DateOrder | None = None) -> datetime:
    """The UTC instant of a date (its start) or a time; UTC if there is no offset.

    Raises ValueError with a message for users, also for ``03/04/2024`` without an order.
    """
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return _parse_unusual(cell, order)
    return moment if moment.tzinfo is UTC and moment >= _EARLIEST else _in_utc(moment, cell)


@lru_cache(maxsize=4_000)
def _parse_unusual(cell: str, order: DateOrder | None) -> datetime:
    plain = cell
    match = _OFFSET_AND_NAME.fullmatch(_NANOSECONDS.sub(r"\1", cell))
    if match and (match["offset"] or match["name"] in _NAMES_OF_UTC):
        plain = match["moment"] + (match["offset"] or "")
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        moment = _parse_written(cell, order)
    return _in_utc(moment, cell)


def _parse_written(cell: str, order: DateOrder | None) -> datetime:
    if _UNIX.fullmatch(cell):
        return datetime.fromtimestamp(int(cell[:10]), UTC)
    try:
        for pattern in (_DOTTED, _YEAR_FIRST):
            if match := pattern.fullmatch(cell):
                return _moment(match, int(match["month"]), int(match["day"]))
        if match := _SLASHED.fullmatch(cell):
            return _moment(match, *_month_and_day(match, order, cell))
        for pattern in (_DAY_THEN_MONTH, _MONTH_THEN_DAY):
            if (match := pattern.fullmatch(cell)) and (month := _month(match["name"])):
                return _moment(match, month, int(match["day"]))
    except (OverflowError, ValueError) as error:
        if isinstance(error, _AmbiguousDate):
            raise
        raise _not_a_date(cell) from error
    raise _not_a_date(cell)


class _AmbiguousDate(ValueError):
    """Day and month could be exchanged."""


def _month_and_day(match: re.Match[str], order: DateOrder | None, cell: str) -> tuple[int, int]:
    one, two = int(match["one"]), int(match["two"])
    if order is DateOrder.DAY_FIRST or one > 12:
        return two, one
    if order is DateOrder.MONTH_FIRST or two > 12 or one == two:
        return one, two
    raise _AmbiguousDate(f"{cell!r} can be two dates: add --dates day-first or month-first")


def _month(name: str) -> int | None:
    word = word_of(name)
    return _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])


def _moment(match: re.Match[str], month: int, day: int) -> datetime:
    year = int(match["year"])
    hour = int(match["hour"] or 0)
    if half := match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    moment = datetime(
        year + 2000 if year < 100 else year,
        month,
        day,
        hour,
        int(match["minute"] or 0),
        int(match["second"] or 0),
        tzinfo=UTC,
    )
    if offset := match["offset"]:
        ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
        moment -= -ahead if offset[0] == "-" else ahead
    return moment


def _in_utc(moment: datetime, cell: str) -> datetime:
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise _not_a_date(cell) from error
    if moment < _EARLIEST:
        raise _not_a_date(cell)
    return moment


def _not_a_date(cell: str) -> ValueError:
    return ValueError(f"{cell!r} is not a date like 2027-01-31 or 2027-01-31T09:30Z")


@dataclass(slots=True, kw_only=True)
class DateEvidence:
    """What the dates of a file show about the order of day and month."""

    day_first: int = 0
    month_first: int = 0
    ambiguous: int = 0
    #: An ambiguous date of the file.
    example: str = ""

    def take(self, cells: Iterable[str]) -> None:
        unusual = [cell for cell in cells if not cell[:4].isdigit()]  # 2024-05-01 is no doubt
        for match in _TWO_NUMBERS.finditer("\n".join(unusual)):
            one, two = int(match[1]), int(match[2])
            if one > 12:
                self.day_first += 1
            elif two > 12:
                self.month_first += 1
            elif one != two:
                self.ambiguous += 1
                self.example = self.example or match[0].strip()

    @property
    def order(self) -> DateOrder | None:
        """The one order that the file shows; None without evidence, or with both."""
        if bool(self.day_first) == bool(self.month_first):
            return None
        return DateOrder.DAY_FIRST if self.day_first else DateOrder.MONTH_FIRST

    @property
    def is_open(self) -> bool:
        """Whether dates of the file stay ambiguous."""
        return bool(self.ambiguous) and self.order is None
