"""An interval timer for work in a loop: at most once every n seconds."""

from __future__ import annotations

import time
from collections.abc import Callable


class Interval:
    """Whether ``seconds`` have passed since it was last due. Not thread-safe."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._last: float | None = None

    def is_due(self) -> bool:
        """True at the first call and whenever the interval has passed; starts the next one."""
        now = self._clock()
        if self._last is not None and now - self._last < self._seconds:
            return False
        self._last = now
        return True

    def restart(self) -> None:
        """Start the interval now."""
        self._last = self._clock()
