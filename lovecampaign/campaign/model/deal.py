"""What does a campaign sell: to everyone, and to insiders for a while?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class WhenGone(StrEnum):
    """What the deal's pages do once its stock is gone."""

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
    """What everyone can buy from ``launch.at`` on."""

    title: str
    price: Money
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What only insiders get, inside its window."""

    key: str
    title: str
    price: Money
    link: str
    opens: datetime
    closes: datetime
    instead_of: Money | None = None
    #: When ``instead_of`` is charged from, or was charged until; shown beside it.
    price_from: date | None = None
    charged_until: date | None = None
    #: A CSV path inside the workspace, or None: codes are generated.
    codes_file: str | None = None
    quantity: int | None = None
    claim_for: timedelta
    when_gone: WhenGone
