"""The LRU cache: bounded, most recently used entries stay."""

from __future__ import annotations

import pytest

from lovecampaign.core.lru import LruCache


def test_a_known_key_is_not_computed_again() -> None:
    cache: LruCache[str, int] = LruCache(2)
    calls: list[str] = []

    def compute(key: str) -> int:
        calls.append(key)
        return len(key)

    assert [cache.get("abc", compute), cache.get("abc", compute)] == [3, 3]
    assert calls == ["abc"]


def test_the_least_recently_used_entry_goes_first() -> None:
    cache: LruCache[str, str] = LruCache(2)
    cache.put("a", "old a")
    cache.put("b", "old b")
    cache.get("a", str.upper)
    cache.put("c", "old c")

    assert cache.get("a", str.upper) == "old a"
    assert cache.get("b", str.upper) == "B"


def test_an_error_is_not_cached() -> None:
    cache: LruCache[str, int] = LruCache(2)
    with pytest.raises(ValueError, match="invalid literal"):
        cache.get("x", int)

    assert cache.get("x", len) == 1
