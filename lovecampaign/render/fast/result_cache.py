"""Bounded caches for the results of one email.

Thousands of subscribers share a town, a plan or a first name. What follows from such a value is
cached by it: the answer of a guard, or the bytes of some holes.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")

#: Results in one cache.
MAX_RESULTS = 4096
#: Results in all caches of one budget: 10 to 30 MB at most, as a rule far less.
MAX_RESULTS_PER_EMAIL = 65_536


class BoundedCache(dict[Hashable, Result], Generic[Result]):
    """A dict that is emptied when full: unlike an LRU cache, a look-up takes no lock."""

    __slots__ = ()

    @property
    def limit(self) -> int:
        return MAX_RESULTS

    def keep(self, key: Hashable, result: Result) -> None:
        if len(self) >= self.limit:
            self.clear()
        self[key] = result


class CacheBudget:
    """Shares out the number of results that one email may cache."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def limit(self) -> int:
        """How many results each cache may hold now."""
        return min(MAX_RESULTS, MAX_RESULTS_PER_EMAIL // max(1, self._count))

    def new_cache(self) -> ResultCache[Result]:
        """A cache for the results of one more question or group of holes."""
        self._count += 1
        return ResultCache(self)


class ResultCache(BoundedCache[Result]):
    """A cache with a limit that falls as more caches are taken from the budget."""

    __slots__ = ("_budget",)

    def __init__(self, budget: CacheBudget) -> None:
        super().__init__()
        self._budget = budget

    @property
    def limit(self) -> int:
        return self._budget.limit
