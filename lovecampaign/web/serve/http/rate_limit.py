"""Has this visitor asked too often? Buckets of tokens, in memory and of bounded number."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.web.serve.http.client_address import Address, network_of

#: About 20 MB; beyond them the bucket that was left alone longest is forgotten.
MOST_BUCKETS = 100_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``count`` at once, and as many again over ``seconds``."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one visitor may do, and all visitors of a network together."""

    address: Rate
    network: Rate


class Limits:
    """Counts by purpose and visitor. Safe between threads."""

    def __init__(
        self,
        allowance: Allowance,
        monotonic_seconds: Callable[[], float] = time.monotonic,
        most_buckets: int = MOST_BUCKETS,
    ) -> None:
        self._allowance = allowance
        self._seconds = monotonic_seconds
        self._most_buckets = most_buckets
        self._lock = threading.Lock()
        #: What is left, and when that was true.
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def allow(self, purpose: str, visitor: Address, allowance: Allowance | None = None) -> bool:
        """Take one of what the visitor and their network have left; False where one has none.

        ``allowance`` is that of forms, unless another is given.
        """
        given = allowance or self._allowance
        return self.take(purpose, str(visitor), given.address) and self.take(
            purpose, network_of(visitor), given.network
        )

    def take(self, purpose: str, who: str, rate: Rate) -> bool:
        """Take one from a bucket; False where nothing is left."""
        now, key = self._seconds(), (purpose, who)
        with self._lock:
            left, at = self._buckets.pop(key, (float(rate.count), now))
            left = min(float(rate.count), left + (now - at) * rate.count / rate.seconds)
            is_allowed = left >= 1.0
            self._buckets[key] = (left - 1.0 if is_allowed else left, now)
            if len(self._buckets) > self._most_buckets:
                self._buckets.popitem(last=False)
        return is_allowed


def read_allowance(settings: Settings) -> Allowance:
    """From the environment; raises UsageError for what is no rate."""
    return Allowance(
        address=_read_rate("LOVECAMPAIGN_FORM_LIMIT", settings.form_limit),
        network=_read_rate("LOVECAMPAIGN_FORM_LIMIT_NETWORK", settings.form_limit_network),
    )


def _read_rate(name: str, text: str) -> Rate:
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})([smhd])", text)
    if match is None:
        raise UsageError(
            f"{name} is {text}, which says no number of times over a time",
            hint="write 20/10m for twenty times in ten minutes",
        )
    return Rate(count=int(match[1]), seconds=int(match[2]) * _UNITS[match[3]])
