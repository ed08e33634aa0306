"""Rule about deadlines: the copy names the day on which the deal closes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from lovecampaign.campaign.model.campaign import Role
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.checks.base.dates import DATE, WEEKDAY, read_date, weekday_number
from lovecampaign.checks.base.locate import LazyPattern, find_in_words
from lovecampaign.checks.base.rule import EmailDraft, EmailRule
from lovecampaign.core.problems import Problem
from lovecampaign.core.zones import load_zone

_BEFORE_DEADLINE = (
    r"(?:until|till|ends?|ending|closes?|closing|expires?|deadline|last day"
    r"|bis|endet|schließt|jusqu['’]au|se termine|hasta|termina|fino al|entro|tot|eindigt|até)"
)
#: Between them and the date; a time of day is allowed.
_BETWEEN = r"(?:[^.!?\n\d]|\d{1,2}:\d\d|\d{1,2} ?[ap]m\b){0,30}?"
#: "through" has many meanings, so its date must follow at once.
_UNTIL_DATE = rf"\b(?:{_BEFORE_DEADLINE}\b{_BETWEEN}|through (?:the )?){DATE}"
_UNTIL_WEEKDAY = (
    rf"\b(?:{_BEFORE_DEADLINE}|through) (?:(?:on|this|next|coming|midnight|the end of"
    r"|zum|kommenden|el|este|il|e met|en met|ao?),? )*"
    rf"(?P<alone>{WEEKDAY})\b(?!['’]s)"
)
_DEADLINE = LazyPattern(lambda: re.compile(rf"{_UNTIL_DATE}|{_UNTIL_WEEKDAY}", re.IGNORECASE))
#: After the deal, a weekday is one of a later week.
_DATE_ONLY = LazyPattern(lambda: re.compile(_UNTIL_DATE, re.IGNORECASE))
_HOURS_LEFT = re.compile(
    r"\b(?:last |only )?\d{1,3} hours? (?:left|remain\w*|to go)\b"
    r"|\b(?:ends?|closes?|expires?) in \d{1,3} hours?\b"
    r"|\blast \d{1,3} hours\b",
    re.IGNORECASE,
)


class OneDeadline(EmailRule, code="LC251"):
    """The launch names one deadline.

    A date typed by hand stays when the deal moves, and it is another date in another time zone.
    `{{ deal.closes }}` is right for every reader.

    Bad:  "until 1 March" in the copy, with a deal that closes on 3 March
    Good: "until {{ deal.closes }}"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign, email = draft.campaign, draft.email
        deal = campaign.deal_of(email) or campaign.insider_deal
        if email.role is not Role.LAUNCH or deal is None:
            return
        closes = deal.closes.astimezone(load_zone(campaign.timezone)).date()
        is_over = email.instant is not None and email.instant > deal.closes
        for passage in find_in_words(draft, _DATE_ONLY if is_over else _DEADLINE):
            if not _is_same_day(passage.text, closes):
                yield passage.warning(
                    f"“{passage.text}”, but the deal closes on {closes:%A}, {closes}",
                    hint="print {{ deal.closes }}: it is right in every time zone",
                )
        yield from self._countdowns(draft, deal)

    def _countdowns(self, draft: EmailDraft, deal: Deal) -> Iterator[Problem]:
        instant = draft.email.instant
        for passage in find_in_words(draft, _HOURS_LEFT):
            said = int(re.sub(r"\D", "", passage.text))
            if instant is None:
                continue
            left = (deal.closes - instant) / timedelta(hours=1)
            if abs(left - said) > 2:
                yield passage.warning(
                    f"“{passage.text}”, but {left:.0f} hours are left when it goes out",
                    hint="print {{ deal.closes }} instead of a countdown",
                )


def _is_same_day(words: str, closes: date) -> bool:
    """Whether the words name that day or the one after (for midnight)."""
    match = _DEADLINE.search(words)
    return match is None or any(_names(match, closes + timedelta(days=late)) for late in (0, 1))


def _names(match: re.Match[str], day: date) -> bool:
    """Whether weekday and date of the match fit the day."""
    weekday = match["weekday"] or match["alone"]
    if weekday and weekday_number(weekday) != day.weekday():
        return False
    return bool(match["alone"]) or any(
        year in (None, day.year) and (month, number) == (day.month, day.day)
        for year, month, number in read_date(match)
    )
