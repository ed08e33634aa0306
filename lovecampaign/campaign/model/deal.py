"""The public offer, the insiders' deal, and their prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class WhenGone(StrEnum):
    """What the deal's pages show when it is sold out."""

    WAITLIST = "waitlist"
    FULL_PRICE = "full-price"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An exact amount of a currency (ISO 4217), printed as the author wrote it."""

    amount: Decimal
    currency: str
    #: ``59 EUR``: as written.
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The public offer, from ``launch.at`` on."""

    title: str
    price: Money
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """The insiders' offer, inside its window."""

    key: str
    title: str
    price: Money
    link: str
    opens: datetime
    closes: datetime
    instead_of: Money | None = None
    #: When ``instead_of`` is charged; shown beside it.
    price_from: date | None = None
    charged_until: date | None = None
    #: A CSV path inside the workspace, or None: codes are generated.
    codes_file: str | None = None
    quantity: int | None = None
    claim_for: timedelta
    when_gone: WhenGone


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPrice:
    """The price to compare a deal with, and when it is charged; one of the dates is set.

    A compared price that is never charged is misleading under consumer law (EU Directive 98/6/EC
    Art. 6a, as amended by 2019/2161).
    """

    price: Money
    charged_from: date | None = None
    charged_until: date | None = None


def compared_price(deal: Deal) -> ComparedPrice | None:
    """The price to show beside the deal's; None where a comparison would mislead."""
    if saving(deal) is None or deal.instead_of is None:
        return None
    if deal.price_from is None and deal.charged_until is None:
        return None
    return ComparedPrice(
        price=deal.instead_of, charged_from=deal.price_from, charged_until=deal.charged_until
    )


def saving(deal: Deal) -> Money | None:
    """The difference to ``instead_of``; None without one."""
    full = deal.instead_of
    if full is None or full.currency != deal.price.currency or full.amount <= deal.price.amount:
        return None
    amount = full.amount - deal.price.amount
    return Money(amount=amount, currency=full.currency, text=f"{amount} {full.currency}")
