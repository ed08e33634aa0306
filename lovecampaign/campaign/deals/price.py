"""How much does the deal save, and against which price that is really charged?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lovecampaign.campaign.model.deal import Deal, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPrice:
    """The price beside a deal's own, and when it is charged; one of the dates is set.

    Without a date it would be a price that nobody pays, which consumer law calls misleading
    (EU Directive 98/6/EC Art. 6a, as amended by 2019/2161).
    """

    price: Money
    charged_from: date | None = None
    charged_until: date | None = None


def compared_price(deal: Deal) -> ComparedPrice | None:
    """What to show beside the price; None where nothing can be shown honestly."""
    if saving(deal) is None or deal.instead_of is None:
        return None
    if deal.price_from is None and deal.charged_until is None:
        return None
    return ComparedPrice(
        price=deal.instead_of, charged_from=deal.price_from, charged_until=deal.charged_until
    )


def saving(deal: Deal) -> Money | None:
    """How much less than ``instead_of`` it costs; None where there is nothing to save."""
    full = deal.instead_of
    if full is None or full.currency != deal.price.currency or full.amount <= deal.price.amount:
        return None
    return _money(full.amount - deal.price.amount, full.currency)


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=amount, currency=currency, text=f"{amount} {currency}")
