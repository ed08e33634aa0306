"""Limits the requests in flight by SendGrid's rate limit (``X-RateLimit-*``)."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from threading import Lock

from lovecampaign.core.clock import Clock
from lovecampaign.providers.pool.connection import Coroutine
from lovecampaign.providers.pool.timer import Timer
from lovecampaign.providers.sendgrid.http1 import HttpResponse
from lovecampaign.providers.sendgrid.responses import parse_rate_limit

#: No longer wait for the release of a window: the next response says how long to hold.
LONGEST_WAIT_SECONDS = 10.0
#: Between two checks for a free place.
_CHECK_SECONDS = 0.02


class RequestLimiter:
    """Shared by all connections; without those headers there is no limit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._left = 0
        self._window_ends_at = 0.0
        self._in_flight = 0

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def acquire(self) -> Coroutine[None]:
        """Yields until one more request may start; :meth:`release` must be called after it."""
        give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
        while not self._try_acquire(give_up_at):
            with contextlib.closing(Timer(_CHECK_SECONDS)) as timer:
                yield timer

    def release(self) -> None:
        """A request has ended, whatever its result."""
        with self._lock:
            self._in_flight -= 1

    def note(self, reply: HttpResponse) -> None:
        """Learn from a response, which may not count the requests in flight yet."""
        limit = parse_rate_limit(reply, self.now)
        if limit is None:
            return
        ends_at = time.monotonic() + limit.seconds
        with self._lock:
            is_same_window = abs(ends_at - self._window_ends_at) < 1.0
            self._left = min(self._left, limit.left) if is_same_window else limit.left
            self._window_ends_at = ends_at

    def _try_acquire(self, give_up_at: float) -> bool:
        with self._lock:
            is_full = self._left <= self._in_flight
            if is_full and time.monotonic() < min(self._window_ends_at, give_up_at):
                return False
            self._in_flight += 1
            return True
