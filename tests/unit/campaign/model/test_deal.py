"""A comparison of prices is shown only where it is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from lovecampaign.campaign.model.deal import ComparedPrice, Money, compared_price, saving
from lovecampaign.testing.months import build_month

DEAL = build_month().deals["insider"]


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR", text=f"{amount} EUR")


def test_the_saving_is_exact_and_written_like_a_price() -> None:
    assert str(saving(DEAL)) == "40 EUR"
    cheaper = replace(DEAL, price=euros("59.90"))
    assert str(saving(cheaper)) == "39.10 EUR"


def test_nothing_is_saved_against_no_price_a_lower_one_or_another_currency() -> None:
    assert saving(replace(DEAL, instead_of=None)) is None
    assert saving(replace(DEAL, instead_of=euros("59"))) is None
    dollars = Money(amount=Decimal(99), currency="USD", text="99 USD")
    assert saving(replace(DEAL, instead_of=dollars)) is None


def test_the_compared_price_comes_with_the_day_it_is_charged() -> None:
    assert compared_price(DEAL) == ComparedPrice(
        price=euros("99"), charged_from=DEAL.price_from, charged_until=None
    )
    before = replace(DEAL, price_from=None, charged_until=date(2027, 1, 31))
    assert compared_price(before) == ComparedPrice(
        price=euros("99"), charged_until=date(2027, 1, 31)
    )


def test_without_a_day_or_a_saving_there_is_no_comparison() -> None:
    assert compared_price(replace(DEAL, price_from=None)) is None
    assert compared_price(replace(DEAL, instead_of=euros("50"))) is None
