"""Autoscaling of a pool's threads: as few as do not wait for the server.

More threads than that wait for each other: ten that were never idle cost a third more of the
processor per message than two did, and two a quarter more than one (64 KB messages, a server on
the same machine). Where answers are slow to come, more threads help.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from threading import Lock

#: Time between two checks whether more threads would help: ten threads run after four checks.
CHECK_SECONDS = 0.005
#: More threads help where those at work wait for more than this part of their time.
_WAITING_SHARE = 0.5


class Autoscaler:
    """Decides how many threads run; remembers from one send to the next how many were of use."""

    def __init__(self, max_threads: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_threads = max_threads
        self._clock = clock
        self._lock = Lock()
        #: Threads started for this send so far, and how many of them still run.
        self._started = self._running = 0
        self._waiting = 0
        #: Seconds that all threads together have waited since the last check.
        self._waited = 0.0
        self._checked_at = self._counted_at = 0.0

    def start(self) -> int:
        """The number of threads to start with: half of what the last send needed."""
        with self._lock:
            self._started = self._running = max(1, self._started // 2)
            self._waiting, self._waited = 0, 0.0
            self._checked_at = self._counted_at = self._clock()
            return self._started

    def threads_to_add(self) -> int:
        """How many threads to add now: doubles them where those at work mostly wait."""
        with self._lock:
            now = self._count()
            seconds = now - self._checked_at
            if seconds < CHECK_SECONDS:
                return 0
            is_mostly_waiting = self._waited > _WAITING_SHARE * seconds * self._running
            self._checked_at, self._waited = now, 0.0
            return self._grow() if is_mostly_waiting else 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """A thread waits for an answer while the block runs."""
        self._add_to_waiting(1)
        try:
            yield
        finally:
            self._add_to_waiting(-1)

    def note_waited(self, seconds: float) -> None:
        """A thread has waited elsewhere: in a write that the server was slow to read."""
        with self._lock:
            self._waited += seconds

    def note_thread_end(self) -> None:
        """A thread has ended: no item or no connection was left for it."""
        with self._lock:
            self._running -= 1

    def _add_to_waiting(self, count: int) -> None:
        with self._lock:
            self._count()
            self._waiting += count

    def _count(self) -> float:
        now = self._clock()
        self._waited += self._waiting * (now - self._counted_at)
        self._counted_at = now
        return now

    def _grow(self) -> int:
        added = min(max(1, self._running), self._max_threads - self._started)
        self._started += added
        self._running += added
        return added
