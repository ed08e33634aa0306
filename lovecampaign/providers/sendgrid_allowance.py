"""How many requests may be under way to SendGrid, by what it says of its rate limit?"""

from __future__ import annotations

import time
from datetime import datetime
from threading import Condition, Lock
from types import TracebackType

from lovecampaign.clock import Clock
from lovecampaign.providers.http_wire import HttpReply
from lovecampaign.providers.sendgrid_replies import rate_limit

#: A window that ends later is not waited for here: the next answer says how long to hold.
LONGEST_WAIT_SECONDS = 10.0


class Allowance:
    """Shared by all connections; without a word of SendGrid's everything goes at once.

    ``with allowance:`` is one request, begun when there is room for it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # A lock by itself is asked for more quickly than one that may be held twice.
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._left = 0
        self._window_ends_at = 0.0
        self._under_way = 0

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def __enter__(self) -> None:
        with self._lock:
            self._wait_for_room()
            self._under_way += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._under_way -= 1
            self._changed.notify_all()

    def note(self, reply: HttpReply) -> None:
        """Learn from an answer. What is under way may not be counted in it yet."""
        limit = rate_limit(reply, self.now)
        if limit is None:
            return
        ends_at = time.monotonic() + limit.seconds
        with self._lock:
            is_same_window = abs(ends_at - self._window_ends_at) < 1.0
            self._left = min(self._left, limit.left) if is_same_window else limit.left
            self._window_ends_at = ends_at

    def _wait_for_room(self) -> None:
        give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
        while self._left <= self._under_way:
            seconds = min(self._window_ends_at, give_up_at) - time.monotonic()
            if seconds <= 0:
                return
            self._changed.wait(seconds)
