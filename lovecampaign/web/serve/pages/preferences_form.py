"""What does the form of a reader's wishes say, and can it be taken?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lovecampaign.store.subscribers.preferences import Preferences
from lovecampaign.web.serve.content.zones import chosen_zone
from lovecampaign.web.serve.pages.join_form import MOST_LETTERS_OF_A_NAME, one_line

#: Twice a month's letters; who wants none for longer had better leave.
LONGEST_PAUSE = timedelta(days=60)
#: The values of the field ``often``.
EVERY_DAY, LAUNCH_ONLY = "every-day", "launch"


@dataclass(frozen=True, slots=True, kw_only=True)
class WishForm:
    """The form, as it is shown or as it was filled in."""

    is_launch_only: bool
    paused_until: datetime | None
    first_name: str
    timezone: str
    #: The length of a pause, as typed; '' is none, or the one that there is.
    days: str = ""
    #: Which text says what is to be done: ``choose.wrong.KEY``; None: it can be taken.
    wrong: str | None = None


def shown_wishes(known: Preferences, first_name: str, timezone: str) -> WishForm:
    """The form before anybody has touched it."""
    return WishForm(
        is_launch_only=known.is_launch_only,
        paused_until=known.paused_until,
        first_name=first_name,
        timezone=chosen_zone(timezone),
    )


def read_wishes(form: Mapping[str, str], before: Preferences, now: datetime) -> WishForm:
    """What was sent; a pause that nobody touched goes on as it is.

    A pause of N days leaves out N letters, at whatever time of day it begins.
    """
    days = one_line(form.get("days", ""), 10)
    length = _read_days(days)
    paused_until = now + length if length else before.paused_until
    return WishForm(
        is_launch_only=form.get("often") == LAUNCH_ONLY,
        paused_until=paused_until,
        first_name=one_line(form.get("first_name", ""), MOST_LETTERS_OF_A_NAME),
        timezone=chosen_zone(form.get("timezone", "")),
        days=days if length is None else "",
        wrong="days" if length is None else None,
    )


def _read_days(typed: str) -> timedelta | None:
    """None for what is no number of days that can be had; nothing typed is no pause."""
    if not typed:
        return timedelta(0)
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 4):
        return None
    days = timedelta(days=int(typed))
    return days if timedelta(0) < days <= LONGEST_PAUSE else None
