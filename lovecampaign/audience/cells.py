"""Parsing of spreadsheet cells: texts, tags, zones, dates and consent."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterator, Sequence
from datetime import MAXYEAR, datetime
from functools import cache, lru_cache

from lovecampaign.audience.dates import DateOrder, parse_datetime
from lovecampaign.audience.subscriber import Consent, ConsentKind
from lovecampaign.core.zones import current_name, known_zones

#: Characters that start a formula in spreadsheet programs (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FORMULA_INSIDE = re.compile(r"(?<=[;\t\r\n])(?='*[=+\-@＝＋－＠])")
_ESCAPE_INSIDE = re.compile(r"(?<=[;\t\r\n])'(?='*[=+\-@＝＋－＠])")
#: All white space, and the invisible characters of copied text.
_BLANKS = (
    " \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
)
_TAG_SEPARATORS = re.compile("[;,]|:::")
#: Mailchimp's ``"VIP","Brot, hell"``.
_QUOTED_OR_BARE = re.compile(r'\s*"(?:[^"]|"")*"\s*(?=[;,]|$)|[^;,]+')
#: Languages that are written differently from region to region.
_WRITTEN_BY_REGION = frozenset({"pt", "sr", "zh"})
_REGION = re.compile(r"[A-Z]{2}|[A-Z][a-z]{3}")
#: Languages that people name in the language itself, beside those that we ship.
_NAMED_BY_THEMSELVES = (  # noqa: SIM905 - one line for each would be long
    "ar bg ca cs da el et eu fi gl he hi hr hu id ja ko lt lv nb no pl ro ru sk sl sr sv th tr uk "
    "vi zh"
).split()
#: In these, all languages of the world are named.
_NAMED_IN = ("en", "de", "es", "fr", "it", "nl", "pt")
#: CASL (Canada), ss. 10(10) and 10(13): months until implied consent expires.
_MONTHS_OF_IMPLIED_CONSENT = {ConsentKind.IMPLIED_PURCHASE: 24, ConsentKind.IMPLIED_INQUIRY: 6}


def clean(cell: str) -> str:
    """The cell without surrounding white space and the formula escape of an export."""
    return unescape_formula(cell.strip(_BLANKS))


def clean_all(cells: Sequence[str]) -> list[str]:
    """:func:`clean` for a row; it tests the joined row first, since few rows need the slow path."""
    row = "".join(cells)
    # strip() without an argument removes all ASCII blanks in a third of the time.
    bare = list(map(str.strip, cells)) if row.isascii() else [each.strip(_BLANKS) for each in cells]
    return [unescape_formula(cell) for cell in bare] if "'" in row else bare


def escape_formula(value: str) -> str:
    """The value with an apostrophe before what a spreadsheet would run as a formula.

    Also behind ``;``, a tab or a line end: a spreadsheet of another country splits there.
    """
    if not value.isalnum():
        value = _FORMULA_INSIDE.sub("'", value)
    return f"'{value}" if value.lstrip("'").startswith(_FORMULA_STARTS) else value


def unescape_formula(cell: str) -> str:
    """Undo :func:`escape_formula`; other apostrophes stay (``'t Hooft``)."""
    if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA_STARTS):
        cell = cell[1:]
    return _ESCAPE_INSIDE.sub("", cell) if "'" in cell else cell


def collapse_spaces(value: str) -> str:
    """The value with each run of white space as one space."""
    return value if value.isalnum() else " ".join(value.split())


@lru_cache(maxsize=10_000)
def split_tags(cell: str) -> tuple[str, ...]:
    """Unique tags in order, split at ``;``, ``,`` and Google's ``:::`` outside of quotes."""
    pieces = _QUOTED_OR_BARE.findall(cell) if '"' in cell else _TAG_SEPARATORS.split(cell)
    parts = (part.strip(_BLANKS + '"').removeprefix("* ") for part in pieces)
    return tuple(dict.fromkeys(collapse_spaces(part) for part in parts if part))


@lru_cache(maxsize=2_000)
def find_zone(cell: str) -> str | None:
    """The current IANA name, found whatever its case and spaces; None for an unknown zone."""
    return _zones().get(cell.replace(" ", "_").casefold())


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): current_name(name) for name in known_zones()}


@lru_cache(maxsize=2_000)
def find_language(cell: str) -> str | None:
    """The language tag of ``fr_CA``, ``FR``, ``fra``, ``French`` or ``Français``; None if unknown.

    Without its region, but where regions are written differently.
    """
    from babel import Locale
    from babel.core import get_global

    tag = re.split(r"[,;.@(/]", cell, maxsplit=1)[0].strip(_BLANKS).replace("_", "-").casefold()
    base, _, region = tag.partition("-")
    base = str(get_global("language_aliases").get(base, base))
    if base not in Locale("en").languages or len(base) > 3:
        return _language_names().get(tag)
    region = region.title() if len(region) == 4 else region.upper()
    is_kept = base in _WRITTEN_BY_REGION and _REGION.fullmatch(region)
    return f"{base}-{region}" if is_kept else base


@cache
def _language_names() -> dict[str, str]:
    """The names of the languages of the world, in those that we ship and in their own."""
    from babel import Locale

    names: dict[str, str] = {}
    for shipped in _NAMED_IN:
        for code, name in Locale(shipped).languages.items():
            if "_" not in code:
                names.setdefault(str(name).casefold(), code)
    for code in _NAMED_BY_THEMSELVES:
        names.setdefault(str(Locale(code).get_language_name(code)).casefold(), code)
    return names


def read_consent(
    given_at: str,
    confirmed_at: str,
    kind: str,
    source: str,
    expires: str,
    *,
    order: DateOrder | None = None,
) -> Consent | None:
    """The consent of one row; None without a date.

    Raises ValueError with a message for users for an unreadable cell, and for an expiry without
    a date of consent.
    """
    if not (given_at or confirmed_at):
        if expires:
            raise ValueError("there is consent_expires without consent_at")
        return None
    given = _read_column("consent_at", given_at or confirmed_at, order)
    confirmed = _read_column("confirmed_at", confirmed_at, order) if confirmed_at else None
    agreed = _read_kind(kind) if kind else ConsentKind.EXPRESS
    ends = (
        _read_column("consent_expires", expires, order) if expires else _implied_end(agreed, given)
    )
    return tuple.__new__(Consent, (given, agreed, source, "", "", confirmed, ends))  # faster


def _read_column(column: str, cell: str, order: DateOrder | None) -> datetime:
    try:
        return parse_datetime(cell, order)
    except ValueError as error:
        raise ValueError(f"{column} {error}") from error


def _read_kind(cell: str) -> ConsentKind:
    try:
        return ConsentKind(cell.casefold().replace(" ", "_").replace("-", "_"))
    except ValueError as error:
        known = ", ".join(kind.value for kind in ConsentKind)
        raise ValueError(f"consent_kind {cell!r} is none of {known}") from error


def _implied_end(kind: ConsentKind, given_at: datetime) -> datetime | None:
    months = None if kind is ConsentKind.EXPRESS else _MONTHS_OF_IMPLIED_CONSENT.get(kind)
    if months is None:
        return None
    years, month = divmod(given_at.month - 1 + months, 12)
    year = given_at.year + years
    if year > MAXYEAR:
        raise ValueError(f"consent_at {given_at:%Y-%m-%d} is too far in the future")
    last_day = calendar.monthrange(year, month + 1)[1]
    return given_at.replace(year=year, month=month + 1, day=min(given_at.day, last_day))


def read_json(cell: str) -> Iterator[tuple[str, str]]:
    """The values of a JSON object or array, each with its keys: ``lists.status``.

    Nothing for another cell. An array has no keys of its own.
    """
    if not cell.lstrip().startswith(("{", "[")):
        return
    try:
        left: list[tuple[str, object]] = [("", json.loads(cell))]
    except (ValueError, RecursionError):
        return
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{path}.{key}" if path else key, each) for key, each in value.items()]
        elif isinstance(value, list):
            left += [(path, each) for each in value]
        else:
            is_text = isinstance(value, str)
            yield path, str(value) if is_text else "" if value is None else json.dumps(value)
