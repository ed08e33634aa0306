"""Bars stand where their days are, and as high as their numbers."""

from __future__ import annotations

from datetime import date, timedelta

from lovecampaign.web.serve.dashboard.series import HEADROOM, HEIGHT, draw_chart

FIRST = date(2027, 2, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(10)]


def test_the_highest_bar_fills_the_room_and_says_its_number() -> None:
    chart = draw_chart("sent", {DAYS[0]: 50, DAYS[5]: 100}, DAYS)
    low, high = chart.bars

    assert (high.height, low.height) == (HEIGHT - HEADROOM, (HEIGHT - HEADROOM) / 2)
    assert (chart.peak, chart.total) == (high, 150)
    assert low.y + low.height == high.y + high.height == HEIGHT
    assert 50 < high.x < high.x + high.width < 60


def test_one_among_thousands_is_still_seen() -> None:
    assert draw_chart("sent", {DAYS[0]: 1, DAYS[1]: 100_000}, DAYS).bars[0].height == 2


def test_a_number_at_the_edge_is_written_inwards() -> None:
    assert draw_chart("sent", {DAYS[0]: 1}, DAYS).peak_anchor == "start"
    assert draw_chart("sent", {DAYS[-1]: 1}, DAYS).peak_anchor == "end"
    assert draw_chart("sent", {DAYS[5]: 1}, DAYS).peak_anchor == "middle"


def test_nothing_has_no_bars() -> None:
    for days in (DAYS, []):
        chart = draw_chart("sent", {}, days)
        assert (chart.bars, chart.peak, chart.total) == ((), None, 0)
