"""Has this visitor asked too often? Buckets of tokens, in memory and of bounded number."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

#: About 20 MB; beyond them the bucket that was left alone longest is forgotten.
MOST_BUCKETS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``count`` at once, and as many again over ``per``."""

    count: int
    per: timedelta

    @property
    def a_second(self) -> float:
        return self.count / self.per.total_seconds()


class Limits:
    """Counts by purpose and visitor. Safe between threads."""

    def __init__(self, monotonic_seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = monotonic_seconds
        self._lock = threading.Lock()
        #: What is left, and when that was true.
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def take(self, purpose: str, visitor: str, rate: Rate) -> bool:
        """Take one token of a visitor's bucket; False where none is left."""
        now, key = self._seconds(), (purpose, visitor)
        with self._lock:
            left, at = self._buckets.pop(key, (float(rate.count), now))
            left = min(float(rate.count), left + (now - at) * rate.a_second)
            is_allowed = left >= 1.0
            self._buckets[key] = (left - 1.0 if is_allowed else left, now)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        return is_allowed
