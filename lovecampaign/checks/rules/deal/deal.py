"""Rules about the deal's price and times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from lovecampaign.campaign.model.campaign import Campaign, Role
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.checks.base.facts import format_zones
from lovecampaign.checks.base.locate import find_email_setting, find_in_words, setting
from lovecampaign.checks.base.offers import SIGNS, prices_of
from lovecampaign.checks.base.rule import EmailDraft, EmailRule, MonthDraft, MonthRule
from lovecampaign.core.problems import Problem
from lovecampaign.core.zones import load_zone

#: Waking hours, on a local clock.
_WAKING = range(8, 22)
_MIN_WAKING_HOURS = 8
_PRINTS_DEAL = re.compile(r"\{\{[^{}]*?\bdeal\s*(?:\.\s*\w+|\[[^\]]*\])")
_ASKS_FOR_DEAL = re.compile(r"\{%-?\s*if\b[^%]*\bdeal\b")
_LAST_CALL = re.compile(r"last[- ](?:call|chance|day)|final", re.IGNORECASE)


class OnePrice(EmailRule, code="LC250"):
    """The launch names one price.

    A price typed by hand stays when the deal changes. Merge fields cannot disagree with the
    deal. Savings, and a price split over months, are no other price. What the deal is "instead
    of" is what the offer costs.

    Bad:  "for 59 EUR" in the copy, with price: 64 EUR in the deal
    Bad:  instead_of: 100 EUR in the deal, with price: 96 EUR in the offer
    Good: "for {{ deal.price }}"
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        prices = {price.text: price.amount for price in prices_of(campaign)}
        if draft.email.role is not Role.LAUNCH or not prices:
            return
        yield from self._other_reference(campaign)
        fair = _fair_amounts(set(prices.values()))
        for passage in find_in_words(draft, _amounts(set(_currencies(campaign)))):
            amount = _amount(passage.text)
            if amount is not None and amount not in fair:
                known = ", ".join(prices)
                yield passage.warning(
                    f"{passage.text} is none of the prices: {known}",
                    hint="print {{ deal.price }} or {{ offer.price }} instead of a number",
                )

    def _other_reference(self, campaign: Campaign) -> Iterator[Problem]:
        offer = campaign.launch.offer
        for key, deal in campaign.deals.items():
            old = deal.instead_of
            if offer is None or deal is not campaign.insider_deal or old is None:
                continue
            if old.currency == offer.price.currency and old.amount != offer.price.amount:
                yield setting(campaign, f"deals.{key}.instead_of", old.text).warning(
                    f"the deal is instead of {old}, and the offer costs {offer.price}",
                    hint=f"write instead_of: {offer.price}, or change the offer's price",
                )


class DealForInsiders(EmailRule, code="LC257"):
    """The deal is named only to insiders, and only while it is open.

    `{{ deal.price }}` in a letter for everyone promises a price that most of its readers do not
    get; after the deal has closed, no one gets it. In such a letter no part of `deal` can be
    printed, so it would reach none of its readers.

    Bad:  {{ deal.price }} in an email `to: audience`
    Good: {{ offer.price }}, or {% if deal %}{{ deal.price }}{% endif %} in a shared template
    """

    def findings(self, draft: EmailDraft) -> Iterator[Problem]:
        campaign, email = draft.campaign, draft.email
        deal = campaign.insider_deal
        if deal is None or email.role is not Role.LAUNCH or campaign.deal_of(email):
            return
        if _ASKS_FOR_DEAL.search(email.copy.text):
            return  # what is printed all the same is found when it is rendered (LC106)
        is_over = email.instant is not None and email.instant >= deal.closes
        why = "goes out after the deal has closed" if is_over else "is not only for insiders"
        for passage in find_in_words(draft, _PRINTS_DEAL):
            yield passage.error(
                f"{email.key} {why}, and names the deal: {passage.text} }}}}",
                hint="name the offer ({{ offer.price }}), or send it `to: insiders` in time",
            )


class LastCall(MonthRule, code="LC253"):
    """A last call comes in the last 24 hours.

    Two days before the end it is not the last call, and the reader learns that "last" means
    nothing. On the last day it is a service to those who meant to and forgot.

    Bad:  last-call: {at: day 29 10:00, …}, with a deal that closes on day 31 at 23:59
    Good: last-call: {at: day 31 10:00, …}
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for email in campaign.launch_emails:
            deal = campaign.deal_of(email)
            if (
                deal is None
                or email.instant is None
                or not _LAST_CALL.search(f"{email.key} {email.subject}")
            ):
                continue
            left = deal.closes - email.instant
            if left > timedelta(hours=24):
                yield find_email_setting(campaign, email, "at", "").warning(
                    f"{email.key} goes out {left / timedelta(hours=1):.0f} hours before the deal "
                    "closes",
                    hint="send it within the last 24 hours",
                )


class SensibleWindow(MonthRule, code="LC254"):
    """Every insider has waking hours in which to take the deal.

    The deal opens and closes once for everyone. A window that lies in the night of some readers
    shuts them out. And "day 29 00:00" is the first minute of that day: most who write it mean
    the night after.

    Bad:  opens: day 28 10:00, closes: day 28 16:00, with readers in Auckland and Los Angeles
    Good: opens: day 27 10:00, closes: day 31 23:59
    """

    def findings(self, draft: MonthDraft) -> Iterator[Problem]:
        campaign = draft.campaign
        for key, deal in campaign.deals.items():
            asleep = [zone for zone in draft.zones if _waking_hours(deal, zone) < _MIN_WAKING_HOURS]
            closes = deal.closes.astimezone(load_zone(campaign.timezone))
            if asleep:
                says = f"the deal leaves too few waking hours in {format_zones(asleep)}"
                hint = "let it stay open for at least a whole day"
            elif (closes.hour, closes.minute) == (0, 0):
                says = f"the deal closes as {closes:%A} begins"
                hint = "write 23:59 of the day before, if that night is meant"
            else:
                continue
            yield setting(campaign, f"deals.{key}.closes", "").warning(says, hint=hint)


def _currencies(campaign: Campaign) -> Iterator[str]:
    if campaign.launch.offer:
        yield campaign.launch.offer.price.currency
    yield from (deal.price.currency for deal in campaign.deals.values())


def _fair_amounts(prices: set[Decimal]) -> set[Decimal]:
    """The prices, their differences (savings), and each split over twelve months."""
    saved = {abs(one - other) for one in prices for other in prices}
    monthly = {(price / 12).quantize(Decimal("0.01")) for price in prices}
    return prices | saved | monthly | {one.quantize(Decimal("0.01")) for one in prices | saved}


def _amounts(currencies: set[str]) -> re.Pattern[str]:
    marks = "|".join(
        re.escape(mark) for one in sorted(currencies) for mark in (one, SIGNS.get(one, one))
    )
    return re.compile(
        rf"(?<!\w)(?:{marks})\s?\d+(?:[.,]\d{{1,2}})?\b|\b\d+(?:[.,]\d{{1,2}})?\s?(?:{marks})(?!\w)"
    )


def _amount(text: str) -> Decimal | None:
    found = re.search(r"\d+(?:[.,]\d{1,2})?", text)
    return Decimal(found[0].replace(",", ".")) if found else None


def _waking_hours(deal: Deal, zone: str) -> int:
    """Hours of the window that begin in a zone's waking hours."""
    hours = min(int((deal.closes - deal.opens) / timedelta(hours=1)), 48)
    starts = (deal.opens + timedelta(hours=number) for number in range(hours))
    return sum(start.astimezone(load_zone(zone)).hour in _WAKING for start in starts)
