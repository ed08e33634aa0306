"""What does an email remember of its readers' values, and how is that kept from growing?

Thousands of readers share a town, a plan or a first name. What followed from such a value is
remembered by it: the answer of a guard, or the bytes of some holes. However much there is to
remember, and however many readers come, the memory of one email stays within a bound.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")

#: Results that are remembered for one question or group of holes; then it begins anew.
MAX_RESULTS = 4096
#: Results that all of them may hold together: 10 to 30 MB at most, as a rule far less.
MAX_RESULTS_PER_EMAIL = 65_536


class CacheBudget:
    """All that one email remembers."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def share(self) -> int:
        """How many results each may remember now."""
        return min(MAX_RESULTS, MAX_RESULTS_PER_EMAIL // max(1, self._count))

    def add(self) -> ResultCache[Result]:
        """Room for the results of one more question or group."""
        self._count += 1
        return ResultCache(self)


class ResultCache(dict[Hashable, Result], Generic[Result]):
    """Results by what they follow from."""

    __slots__ = ("_memory",)

    def __init__(self, memory: CacheBudget) -> None:
        super().__init__()
        self._memory = memory

    def keep(self, key: Hashable, result: Result) -> None:
        if len(self) >= self._memory.share:
            self.clear()
        self[key] = result
