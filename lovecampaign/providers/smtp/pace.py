"""Their rate limit: a hold after each refusal, then the pace that the server took before it."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from lovecampaign.providers.base.outcomes import RATE_WAIT_SECONDS, NoConnection, Verdict
from lovecampaign.providers.pool.connection import Coroutine
from lovecampaign.providers.pool.timer import Timer

#: Postfix counts by the minute (``anvil_rate_time_unit``).
LONGEST_HOLD_SECONDS = 60.0
#: Accepted messages of this time before a refusal make the pace after it.
_WINDOW_SECONDS = 60.0
_SLOWEST_SECONDS = 5.0
#: After as many messages at one pace, it is raised: limits change.
_RAISED_AFTER = 50
_RAISE = 0.9


class SendingPace:
    """Shared by all connections of a pool; there is none before the first refusal."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        hold_seconds: float = RATE_WAIT_SECONDS,
    ) -> None:
        """``hold_seconds``: the first hold; each one in vain doubles it."""
        self._clock = clock
        self._first_seconds = hold_seconds
        self._lock = Lock()
        self._accepted_at: deque[float] = deque(maxlen=10_000)
        self._refusal: Verdict | None = None
        self._held_until = 0.0
        #: Holds since the last accepted message.
        self._in_vain = 0
        #: The total of these holds.
        self._held_seconds = 0.0
        #: Seconds between two messages; 0 where there is no limit.
        self.interval = 0.0
        self._next_at = 0.0
        self._at_this_pace = 0

    def note_refused(self, refusal: Verdict) -> Verdict:
        """The refusal with the time to wait: longer after each hold that was in vain."""
        with self._lock:
            now = self._clock()
            if now >= self._held_until:
                hold = min(self._first_seconds * 2**self._in_vain, LONGEST_HOLD_SECONDS)
                if not self._in_vain:
                    self._forget_before(now - _WINDOW_SECONDS)
                self._in_vain += 1
                self._held_until = now + hold
                self._held_seconds += hold
            self._refusal = refusal
            return replace(refusal, retry_after_seconds=self._held_until - now)

    def note_accepted(self) -> None:
        self._accepted_at.append(self._clock())
        if self._refusal is not None:
            with self._lock:
                self._adapt()

    @property
    def is_limited(self) -> bool:
        """Whether messages wait for their turn, or for the end of a hold."""
        is_held = self._refusal is not None and self._clock() < self._held_until
        return bool(self.interval) or is_held

    def check(self) -> None:
        """Raises NoConnection with the last refusal during a hold: nothing is offered then."""
        refusal = self._refusal
        if refusal is not None and (left := self._held_until - self._clock()) > 0:
            raise NoConnection(replace(refusal, retry_after_seconds=left))

    def wait(self) -> Coroutine[None]:
        """Yields until the next message may leave; raises NoConnection during a hold."""
        self.check()
        if not self.interval:
            return
        with self._lock:
            now = self._clock()
            start = max(now, self._next_at)
            self._next_at = start + self.interval
        if start > now:
            with contextlib.closing(Timer(start - now)) as timer:
                yield timer
            self.check()

    def _forget_before(self, start: float) -> None:
        while self._accepted_at and self._accepted_at[0] < start:
            self._accepted_at.popleft()

    def _adapt(self) -> None:
        """Set the pace after a hold; raise it after some time."""
        if self._clock() < self._held_until:
            return  # it was on the way when the hold began
        if self._in_vain:
            before = [each for each in self._accepted_at if each < self._held_until]
            if before:
                seconds = before[-1] - before[0] + self._held_seconds
                self.interval = min(seconds / len(before), _SLOWEST_SECONDS)
            self._in_vain, self._held_seconds, self._at_this_pace = 0, 0.0, 0
            self._accepted_at.clear()
            return
        self._at_this_pace += 1
        if self._at_this_pace >= _RAISED_AFTER:
            self.interval *= _RAISE
            self._at_this_pace = 0
