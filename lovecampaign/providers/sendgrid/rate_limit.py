"""How many requests may be under way to SendGrid, by what it says of its rate limit?"""

from __future__ import annotations

import contextlib
import socket
import time
from datetime import datetime
from threading import Lock

from lovecampaign.core.clock import Clock
from lovecampaign.providers.pool.connection import Coroutine
from lovecampaign.providers.sendgrid.http1 import HttpResponse
from lovecampaign.providers.sendgrid.responses import parse_rate_limit

#: A window that ends later is not waited for here: the next answer says how long to hold.
LONGEST_WAIT_SECONDS = 10.0
#: How often to look whether another request has made room.
_LOOK_SECONDS = 0.02


class RequestLimiter:
    """Shared by all connections; without a word of SendGrid's everything goes at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._left = 0
        self._window_ends_at = 0.0
        self._under_way = 0

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def room(self) -> Coroutine[None]:
        """Pauses until one more request may begin; :meth:`end` is to be called after it."""
        give_up_at = time.monotonic() + LONGEST_WAIT_SECONDS
        while not self._begins(give_up_at):
            with contextlib.closing(_Pause(_LOOK_SECONDS)) as pause:
                yield pause

    def end(self) -> None:
        """A request is no longer under way, whatever became of it."""
        with self._lock:
            self._under_way -= 1

    def note(self, reply: HttpResponse) -> None:
        """Learn from an answer. What is under way may not be counted in it yet."""
        limit = parse_rate_limit(reply, self.now)
        if limit is None:
            return
        ends_at = time.monotonic() + limit.seconds
        with self._lock:
            is_same_window = abs(ends_at - self._window_ends_at) < 1.0
            self._left = min(self._left, limit.left) if is_same_window else limit.left
            self._window_ends_at = ends_at

    def _begins(self, give_up_at: float) -> bool:
        with self._lock:
            is_full = self._left <= self._under_way
            if is_full and time.monotonic() < min(self._window_ends_at, give_up_at):
                return False
            self._under_way += 1
            return True


class _Pause:
    """Some time in which the answers of others are heard."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        #: Nobody knows it, so that nothing comes.
        self._silent = socket.socket(type=socket.SOCK_DGRAM)

    @property
    def is_there(self) -> bool:
        return time.monotonic() >= self.deadline

    def fileno(self) -> int:
        return self._silent.fileno()

    def close(self) -> None:
        self._silent.close()
