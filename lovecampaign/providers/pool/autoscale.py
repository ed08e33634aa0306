"""How many threads does a stream of messages need? As few as do not wait for the other side.

More threads than that only wait for each other. Ten that could all go on cost a third more of the
processor for each message than two did, and two a quarter more than one (64 KB letters, a server
on the same machine). Where answers are long in coming, more of them help.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from threading import Lock

#: How often to look whether more of them would help: ten are there after four looks.
CHECK_SECONDS = 0.005
#: Of the threads' time: who waits more than that could do with company.
_MOSTLY = 0.5


class Autoscaler:
    """Remembers from one stream to the next how many threads were of use."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = Lock()
        #: How many this stream has needed so far, and how many of them have not ended.
        self._needed = self._at_work = 0
        self._waiting = 0
        #: Seconds that all threads together have waited since the last look.
        self._waited = 0.0
        self._looked_at = self._counted_at = 0.0

    def begin(self) -> int:
        """How many to begin with: half of what the last stream needed."""
        with self._lock:
            self._needed = self._at_work = max(1, self._needed // 2)
            self._waiting, self._waited = 0, 0.0
            self._looked_at = self._counted_at = self._clock()
            return self._needed

    def more(self) -> int:
        """How many more to begin now: as many again, where those at work mostly wait."""
        with self._lock:
            now = self._count()
            seconds = now - self._looked_at
            if seconds < CHECK_SECONDS:
                return 0
            is_waited_for = self._waited > _MOSTLY * seconds * self._at_work
            self._looked_at, self._waited = now, 0.0
            return self._grow() if is_waited_for else 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """A thread waits for an answer while the block runs."""
        self._add_to_waiting(1)
        try:
            yield
        finally:
            self._add_to_waiting(-1)

    def note_waited(self, seconds: float) -> None:
        """A thread has waited elsewhere: in a write that the other side was slow to read."""
        with self._lock:
            self._waited += seconds

    def end(self) -> None:
        """A thread has ended: there was nothing, or no lane, left for it."""
        with self._lock:
            self._at_work -= 1

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
        added = min(max(1, self._at_work), self._most - self._needed)
        self._needed += added
        self._at_work += added
        return added
