"""What does the campaign sell: at which prices, and on which pages?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Money


def prices_of(campaign: Campaign) -> Iterator[Money]:
    """What the offer and the deals cost, and what the deals cost otherwise."""
    if campaign.launch.offer:
        yield campaign.launch.offer.price
    for deal in campaign.deals.values():
        yield from filter(None, (deal.price, deal.instead_of))


def sums_pattern(spellings: Iterable[str]) -> re.Pattern[str]:
    """Finds these sums and no others: 1599 EUR and €99.50 are neither 599 EUR nor €99."""
    wanted = "|".join(map(re.escape, spellings)) or "(?!)"
    return re.compile(rf"(?<![\d.,])(?:{wanted})(?!\d|[.,]\d)")


def sale_links(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Each link to a page where people buy, by the path of its setting."""
    if campaign.launch.offer:
        yield "launch.offer.link", campaign.launch.offer.link
    for key, deal in campaign.deals.items():
        yield f"deals.{key}.link", deal.link


def is_sale_page(campaign: Campaign, link: str) -> bool:
    """Whether a link leads to a page where people buy, whatever stands behind its ``?``."""
    page = page_of(link)
    return any(page == page_of(sale) for _, sale in sale_links(campaign))


def page_of(link: str) -> tuple[str, str]:
    """Host and path, which is empty for a front page; what cannot be read is all path."""
    try:
        url = urlsplit(link)
    except ValueError:
        return "", link
    return url.hostname or "", url.path.rstrip("/")
