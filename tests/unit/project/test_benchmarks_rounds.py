"""Contenders take turns, and are compared round by round."""

from __future__ import annotations

import pytest

from benchmarks.rounds import Stats, run_rounds


def test_everybody_warms_up_and_then_works_once_a_round_in_turning_order() -> None:
    seen: list[str] = []

    def work(name: str, figure: float) -> float:
        seen.append(name)
        return figure

    stats = run_rounds({"a": lambda: work("a", 2.0), "b": lambda: work("b", 1.0)}, 2)
    assert seen == ["a", "b", "a", "b", "b", "a"]
    assert stats == {"a": Stats(figures=(2.0, 2.0)), "b": Stats(figures=(1.0, 1.0))}


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """The second round was slow for both, which says nothing about either."""
    one, other = Stats(figures=(10.0, 2.0, 12.0)), Stats(figures=(5.0, 1.0, 4.0))
    assert one.times(other) == 2.0
    assert other.times(one) == 0.5


def test_the_spread_is_a_part_of_the_median() -> None:
    assert Stats(figures=(8.0, 10.0, 12.0)).spread == pytest.approx(0.4)
