"""The result caches of an email stay within a bound."""

from __future__ import annotations

from lovecampaign.render.fast.result_cache import (
    MAX_RESULTS,
    MAX_RESULTS_PER_EMAIL,
    CacheBudget,
    ResultCache,
)


def filled(results: ResultCache[int], count: int) -> ResultCache[int]:
    for number in range(count):
        results.keep(number, -number)
    return results


def test_results_are_found_by_their_key() -> None:
    results: ResultCache[int] = CacheBudget().new_cache()
    results.keep(("Lyon", "Europe/Paris"), 7)
    assert results.get(("Lyon", "Europe/Paris")) == 7
    assert results.get(("Lyon", "Asia/Tokyo")) is None


def test_a_full_cache_is_emptied() -> None:
    results: ResultCache[int] = filled(CacheBudget().new_cache(), MAX_RESULTS)
    assert len(results) == MAX_RESULTS
    results.keep("one more", 1)
    assert list(results) == ["one more"]


def test_more_caches_are_smaller_ones() -> None:
    budget = CacheBudget()
    every: list[ResultCache[int]] = [budget.new_cache() for _ in range(200)]
    assert sum(len(filled(one, MAX_RESULTS)) for one in every) <= MAX_RESULTS_PER_EMAIL
    assert all(every)
