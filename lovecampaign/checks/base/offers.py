"""What the campaign sells: its prices and sale pages, and how people write sums of money."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from urllib.parse import urlsplit

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Money
from lovecampaign.render.model.formatting import LocalizedMoney

#: ISO 4217 codes and their usual sign; several currencies share one sign.
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "PLN": "zł", "TRY": "₺"}
_SIGN = "[€$£¥₹₺]"
# In capitals only, and without TRY and TOP, which are words: "TOP 5 tips".
_CODE = r"(?-i:EUR|USD|GBP|CHF|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|CAD|AUD|NZD|JPY|INR|ZAR|BRL|MXN)"
# Not pounds alone (a weight), nor crowns (worn).
_WORD = r"(?:euros?|dollars?|dólares|pounds sterling|francs|franken|kr(?:oner|onor)?|zł)"
_NUMBER = r"\d(?:[\d.,]*\d)?"
SUM = re.compile(
    rf"{_SIGN}\s?{_NUMBER}|\b{_CODE}\s?{_NUMBER}"
    rf"|\b{_NUMBER}\s?(?:{_SIGN}(?!\d)|{_CODE}\b|{_WORD}(?!\w))",
    re.IGNORECASE,
)


def prices_of(campaign: Campaign) -> Iterator[Money]:
    """The prices of the offer and the deals, and the deals' ``instead_of``."""
    if campaign.launch.offer:
        yield campaign.launch.offer.price
    for deal in campaign.deals.values():
        yield from filter(None, (deal.price, deal.instead_of))


def numbers_of(price: Money, language: str) -> set[str]:
    """How people write an amount: as in campaign.yaml, with cents, and as printed."""
    written = price.text.removesuffix(price.currency).strip()
    printed = re.sub(r"^\D+|\D+$", "", str(LocalizedMoney.of(price, language)))
    cents = f"{price.amount:.2f}"
    exact = {cents, cents.replace(".", ",")} if Decimal(cents) == price.amount else set()
    return {written, printed, re.sub(r"\s", " ", printed), *exact}


def sums_pattern(spellings: Iterable[str]) -> re.Pattern[str]:
    """Matches exactly these sums: not the 599 EUR in 1599 EUR, nor the €99 in €99.50."""
    wanted = "|".join(map(re.escape, spellings)) or "(?!)"
    return re.compile(rf"(?<![\d.,])(?:{wanted})(?!\d|[.,]\d)")


def sale_links(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Each link to a sale page, with the path of its setting."""
    if campaign.launch.offer:
        yield "launch.offer.link", campaign.launch.offer.link
    for key, deal in campaign.deals.items():
        yield f"deals.{key}.link", deal.link


def is_sale_page(campaign: Campaign, link: str) -> bool:
    """Whether a link leads to a sale page; the query string does not count."""
    page = page_of(link)
    return any(page == page_of(sale) for _, sale in sale_links(campaign))


def page_of(link: str) -> tuple[str, str]:
    """Host and path (empty for a front page); an invalid URL is all path."""
    try:
        url = urlsplit(link)
    except ValueError:
        return "", link
    return url.hostname or "", url.path.rstrip("/")
