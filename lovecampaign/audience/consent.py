"""Consent and its expiry, read from the cells of a row."""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, datetime

from lovecampaign.audience.cells import parse_datetime
from lovecampaign.audience.subscriber import Consent, ConsentKind

#: CASL (Canada), ss. 10(10) and 10(13): months until implied consent expires.
_MONTHS_OF_IMPLIED_CONSENT = {ConsentKind.IMPLIED_PURCHASE: 24, ConsentKind.IMPLIED_INQUIRY: 6}


def read_consent(
    given_at: str, confirmed_at: str, kind: str, source: str, expires: str
) -> Consent | None:
    """The consent of one row; None without a date.

    Raises ValueError with a message for users for an unreadable cell, and for an expiry without
    a date of consent.
    """
    if not (given_at or confirmed_at):
        if expires:
            raise ValueError("there is consent_expires without consent_at")
        return None
    given = _read("consent_at", given_at or confirmed_at)
    confirmed = _read("confirmed_at", confirmed_at) if confirmed_at else None
    agreed = _read_kind(kind) if kind else ConsentKind.EXPRESS
    ends = _read("consent_expires", expires) if expires else _implied_end(agreed, given)
    return Consent(given, agreed, source, "", "", confirmed, ends)


def _read(column: str, cell: str) -> datetime:
    try:
        return parse_datetime(cell)
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
