"""Units of a deal are counted, and never below zero."""

from __future__ import annotations

from lovecampaign.campaign.deals.stock import Stock


def test_what_is_bought_beyond_what_there_is_is_over_and_leaves_nothing() -> None:
    stock = Stock(quantity=2, redeemed=3, reserved=1)
    assert (stock.over, stock.left) == (1, 0)


def test_without_a_limit_nothing_is_over() -> None:
    assert Stock(quantity=None, redeemed=3, reserved=1).over == 0
