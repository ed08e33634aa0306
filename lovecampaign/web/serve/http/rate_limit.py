"""Rate limits per visitor and network: token buckets in memory, bounded in number."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lovecampaign.core.errors import UsageError
from lovecampaign.core.lru import LruCache
from lovecampaign.core.settings import Settings
from lovecampaign.web.serve.http.client_address import Address, network_of

#: About 20 MB; beyond them the least recently used bucket is dropped.
MAX_BUCKETS = 100_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``count`` at once, refilled over ``seconds``."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRateLimits:
    """The limits of one address, and of all addresses of a network together."""

    address: Rate
    network: Rate


class RateLimiter:
    """A token bucket for each purpose and visitor. Safe between threads."""

    def __init__(
        self,
        limits: FormRateLimits,
        monotonic_seconds: Callable[[], float] = time.monotonic,
        max_buckets: int = MAX_BUCKETS,
    ) -> None:
        self._limits = limits
        self._seconds = monotonic_seconds
        self._lock = threading.Lock()
        #: The tokens left, and when that was true.
        self._buckets: LruCache[tuple[str, str], tuple[float, float]] = LruCache(max_buckets)

    def allow(self, purpose: str, visitor: Address, limits: FormRateLimits | None = None) -> bool:
        """Takes a token from the visitor's bucket and their network's; False where one is empty.

        ``limits`` are those of forms, unless others are given.
        """
        limits = limits or self._limits
        return self.take(purpose, str(visitor), limits.address) and self.take(
            purpose, network_of(visitor), limits.network
        )

    def take(self, purpose: str, who: str, rate: Rate) -> bool:
        """Takes a token from one bucket; False where it is empty."""
        now, key = self._seconds(), (purpose, who)
        full = float(rate.count)
        with self._lock:
            left, at = self._buckets.get(key, lambda _: (full, now))
            left = min(full, left + (now - at) * rate.count / rate.seconds)
            is_allowed = left >= 1.0
            self._buckets.put(key, (left - 1.0 if is_allowed else left, now))
        return is_allowed


def read_rate_limits(settings: Settings) -> FormRateLimits:
    """The limits of forms; raises UsageError for an invalid rate."""
    return FormRateLimits(
        address=_read_rate("LOVECAMPAIGN_FORM_LIMIT", settings.form_limit),
        network=_read_rate("LOVECAMPAIGN_FORM_LIMIT_NETWORK", settings.form_limit_network),
    )


def _read_rate(name: str, text: str) -> Rate:
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})([smhd])", text)
    if match is None:
        raise UsageError(
            f"{name} is {text}, which is not a rate like 20/10m",
            hint="write 20/10m for twenty times in ten minutes",
        )
    return Rate(count=int(match[1]), seconds=int(match[2]) * _UNITS[match[3]])
