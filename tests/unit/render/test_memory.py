"""What an email remembers of its readers stays within a bound."""

from __future__ import annotations

from lovecampaign.render.fast.result_cache import (
    MOST_RESULTS,
    MOST_RESULTS_OF_EMAIL,
    Memory,
    Remembered,
)


def filled(results: Remembered[int], count: int) -> Remembered[int]:
    for number in range(count):
        results.keep(number, -number)
    return results


def test_results_are_found_by_what_they_follow_from() -> None:
    results: Remembered[int] = Memory().add()
    results.keep(("Lyon", "Europe/Paris"), 7)
    assert results.get(("Lyon", "Europe/Paris")) == 7
    assert results.get(("Lyon", "Asia/Tokyo")) is None


def test_nobody_remembers_more_than_they_may() -> None:
    results: Remembered[int] = filled(Memory().add(), MOST_RESULTS)
    assert len(results) == MOST_RESULTS
    results.keep("one more", 1)
    assert list(results) == ["one more"]


def test_the_more_there_are_the_less_each_may_remember() -> None:
    memory = Memory()
    every: list[Remembered[int]] = [memory.add() for _ in range(200)]
    assert sum(len(filled(one, MOST_RESULTS)) for one in every) <= MOST_RESULTS_OF_EMAIL
    assert all(every)
