"""Does the letter say the same about the deal as the deal itself?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from lovecampaign.campaign.model import Campaign, Deal, Email, Role
from lovecampaign.checks.passages import find_in_words, setting, setting_of_email
from lovecampaign.checks.rule import EmailDraft, MonthDraft
from lovecampaign.problems import Problem, Severity

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}
#: By their first three letters.
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_BEFORE_DEADLINE = r"(?:until|till|ends?|ending|closes?|closing|expires?|deadline|last day)"
_DEADLINE = re.compile(
    rf"\b{_BEFORE_DEADLINE}\b[^.!?\n\d]{{0,30}}(?:"
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\b"
    rf"|\b(?P<us_month>{_MONTH}) (?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?\b)",
    re.IGNORECASE,
)
_HOURS_LEFT = re.compile(
    r"\b(?:last |only )?(?P<hours>\d{1,3}) hours? (?:left|remain\w*|to go)\b"
    r"|\b(?:ends?|closes?|expires?) in (?P<in>\d{1,3}) hours?\b"
    r"|\blast (?P<last>\d{1,3}) hours\b",
    re.IGNORECASE,
)
#: Somebody awake sits at a screen between these hours.
_WAKING = range(8, 22)
_MIN_WAKING_HOURS = 8


class OnePrice:
    """The launch names one price.

    A price typed by hand stays when the deal changes. Merge fields cannot disagree with the
    deal. Savings, and a price split over months, are no other price.

    Bad:  "for 59 EUR" in the copy, with price: 64 EUR in the deal
    Good: "for {{ deal.price }}"
    """

    code = "LC250"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        prices = _prices(campaign)
        if draft.email.role is not Role.LAUNCH or not prices:
            return
        fair = _fair_amounts(set(prices.values()))
        for passage in find_in_words(draft, _amounts(set(_currencies(campaign)))):
            amount = _amount(passage.text)
            if amount is not None and amount not in fair:
                known = ", ".join(prices)
                yield passage.problem(
                    self.code,
                    f"{passage.text} is none of the prices: {known}",
                    hint="print {{ deal.price }} or {{ offer.price }} instead of a number",
                    severity=Severity.WARNING,
                )


class OneDeadline:
    """The launch names one deadline.

    A date typed by hand stays when the deal moves, and it is another date in another time zone.
    `{{ deal.closes }}` is right for every reader.

    Bad:  "until 1 March" in the copy, with a deal that closes on 3 March
    Good: "until {{ deal.closes }}"
    """

    code = "LC251"

    def find(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign, email = draft.campaign, draft.email
        deal = campaign.deal_of(email) or campaign.insider_deal
        if email.role is not Role.LAUNCH or deal is None:
            return
        closes = deal.closes.astimezone(ZoneInfo(campaign.timezone)).date()
        for passage in find_in_words(draft, _DEADLINE):
            if not _is_same_day(passage.text, closes):
                yield passage.problem(
                    self.code,
                    f"“{passage.text}”, but the deal closes on {closes}",
                    hint="print {{ deal.closes }}: it is right in every time zone",
                    severity=Severity.WARNING,
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
                yield passage.problem(
                    self.code,
                    f"“{passage.text}”, but {left:.0f} hours are left when it goes out",
                    hint="print {{ deal.closes }} instead of a countdown",
                    severity=Severity.WARNING,
                )


class LastCall:
    """A last call comes in the last 24 hours.

    Two days before the end it is not the last call, and the reader learns that "last" means
    nothing. On the last day it is a service to those who meant to and forgot.

    Bad:  last-call: {at: day 29 10:00, …}, with a deal that closes on day 31 at 23:59
    Good: last-call: {at: day 31 10:00, …}
    """

    code = "LC253"

    def find(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for email in campaign.launch_emails:
            deal = campaign.deal_of(email)
            if deal is None or email.instant is None or not _is_last_call(email):
                continue
            left = deal.closes - email.instant
            if left > timedelta(hours=24):
                yield setting_of_email(campaign, email, "at", "").problem(
                    self.code,
                    f"{email.key} goes out {left / timedelta(hours=1):.0f} hours before the deal "
                    "closes",
                    hint="send it within the last 24 hours",
                    severity=Severity.WARNING,
                )


class SensibleWindow:
    """Every insider has waking hours in which to take the deal.

    The deal opens and closes once for everyone. A window that lies in the night of some readers
    shuts them out. And "day 29 00:00" is the first minute of that day: most who write it mean
    the night after.

    Bad:  opens: day 28 10:00, closes: day 28 16:00, with readers in Auckland and Los Angeles
    Good: opens: day 27 10:00, closes: day 31 23:59
    """

    code = "LC254"

    def find(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for key, deal in campaign.deals.items():
            zones = sorted(draft.facts.zones or {campaign.timezone})
            asleep = [zone for zone in zones if _waking_hours(deal, zone) < _MIN_WAKING_HOURS]
            closes = deal.closes.astimezone(ZoneInfo(campaign.timezone))
            if asleep:
                says = f"the deal leaves too few waking hours in {_name(asleep)}"
                hint = "let it stay open for at least a whole day"
            elif (closes.hour, closes.minute) == (0, 0):
                says = f"the deal closes as {closes:%A} begins"
                hint = "write 23:59 of the day before, if that night is meant"
            else:
                continue
            yield setting(campaign, f"deals.{key}.closes", "").problem(
                self.code, says, hint=hint, severity=Severity.WARNING
            )


def _prices(campaign: Campaign) -> dict[str, Decimal]:
    """Every price of the campaign, as written."""
    found = {}
    if offer := campaign.launch.offer:
        found[offer.price.text] = offer.price.amount
    for deal in campaign.deals.values():
        for price in filter(None, (deal.price, deal.instead_of)):
            found[price.text] = price.amount
    return found


def _currencies(campaign: Campaign) -> Iterator[str]:
    if campaign.launch.offer:
        yield campaign.launch.offer.price.currency
    yield from (deal.price.currency for deal in campaign.deals.values())


def _fair_amounts(prices: set[Decimal]) -> set[Decimal]:
    """The prices, what one saves on another, and each split over a year's months."""
    saved = {abs(one - other) for one in prices for other in prices}
    monthly = {(price / 12).quantize(Decimal("0.01")) for price in prices}
    return prices | saved | monthly | {one.quantize(Decimal("0.01")) for one in prices | saved}


def _amounts(currencies: set[str]) -> re.Pattern[str]:
    marks = "|".join(
        re.escape(mark) for one in sorted(currencies) for mark in (one, _SIGNS.get(one, one))
    )
    return re.compile(
        rf"(?<!\w)(?:{marks})\s?\d+(?:[.,]\d{{1,2}})?\b|\b\d+(?:[.,]\d{{1,2}})?\s?(?:{marks})(?!\w)"
    )


def _amount(text: str) -> Decimal | None:
    found = re.search(r"\d+(?:[.,]\d{1,2})?", text)
    return Decimal(found[0].replace(",", ".")) if found else None


def _is_same_day(words: str, closes: date) -> bool:
    """Whether the date that stands in the words is that day; the night after counts too."""
    found = _DEADLINE.search(words)
    if found is None:
        return True
    day = int(found["day"] or found["us_day"])
    month = _MONTHS.index((found["month"] or found["us_month"])[:3].lower()) + 1
    return (month, day) in ((closes.month, closes.day), _tuple(closes + timedelta(days=1)))


def _tuple(day: date) -> tuple[int, int]:
    return day.month, day.day


def _is_last_call(email: Email) -> bool:
    words = f"{email.key} {email.subject}"
    return bool(re.search(r"last[- ](?:call|chance|day)|final", words, re.IGNORECASE))


def _waking_hours(deal: Deal, zone: str) -> int:
    """Hours of the window that begin while people of a zone are awake."""
    hours = min(int((deal.closes - deal.opens) / timedelta(hours=1)), 48)
    starts = (deal.opens + timedelta(hours=number) for number in range(hours))
    return sum(_local(start, zone).hour in _WAKING for start in starts)


def _local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone))


def _name(zones: list[str]) -> str:
    return zones[0] if len(zones) == 1 else f"{zones[0]} and {len(zones) - 1} more zones"
