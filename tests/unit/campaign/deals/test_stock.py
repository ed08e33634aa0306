"""A deal is open from ``opens`` up to, but not at, its end; its units never go below zero."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lovecampaign.campaign.deals.stock import DealState, Stock, closing_time, deal_state
from lovecampaign.testing.months import build_month

DEAL = build_month().deals["insider"]
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (DEAL.opens - MOMENT, DealState.NOT_YET),
        (DEAL.opens, DealState.OPEN),
        (DEAL.closes - MOMENT, DealState.OPEN),
        (DEAL.closes, DealState.CLOSED),
    ],
)
def test_the_window_holds_its_start_and_not_its_end(at: datetime, state: DealState) -> None:
    assert deal_state(DEAL, at) is state


def test_an_exception_keeps_it_open_for_one_person() -> None:
    later = DEAL.closes + timedelta(days=1)
    assert deal_state(DEAL, DEAL.closes, closes=later) is DealState.OPEN
    assert deal_state(DEAL, later, closes=later) is DealState.CLOSED
    assert deal_state(DEAL, DEAL.opens - MOMENT, closes=later) is DealState.NOT_YET


def test_an_exception_never_takes_time_away() -> None:
    """``closes`` may have been moved back after an extension."""
    assert closing_time(DEAL, DEAL.closes - timedelta(days=1)) == DEAL.closes


def test_what_is_bought_beyond_what_there_is_is_over_and_leaves_nothing() -> None:
    stock = Stock(quantity=2, redeemed=3, reserved=1)
    assert (stock.over, stock.left) == (1, 0)


def test_without_a_limit_nothing_is_over() -> None:
    assert Stock(quantity=None, redeemed=3, reserved=1).over == 0
