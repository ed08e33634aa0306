"""How many threads does a stream of messages need? As few as keep this process busy.

More threads than that only wait for each other. Ten that could all go on cost a third more of the
processor for each message than two did, and two a quarter more than one (64 KB letters, a server
on the same machine). A server that lets us wait leaves the processor idle, and then more of them
help.
"""

from __future__ import annotations

import time

#: How often to look whether more of them would help: ten are there after four looks.
LOOK_SECONDS = 0.005
#: Of one processor: a process that uses more than that is what everything waits for.
_BUSY = 0.75
FEWEST = 1


class Demand:
    """Remembers from one stream to the next how many threads were of use."""

    def __init__(self, most: int, fewest: int = FEWEST) -> None:
        self._most = most
        self._fewest = fewest
        self._open = 0
        self._looked_at = self._worked = 0.0

    def begin(self) -> int:
        """How many to begin with: half of what the last stream needed."""
        self._open = min(self._most, max(self._fewest, self._open // 2))
        self._looked_at, self._worked = time.monotonic(), time.process_time()
        return self._open

    def more(self) -> int:
        """How many more to open now: as many again, where nobody keeps us busy."""
        now = time.monotonic()
        if self._open == self._most or now - self._looked_at < LOOK_SECONDS:
            return 0
        worked = time.process_time()
        is_busy = worked - self._worked > _BUSY * (now - self._looked_at)
        self._looked_at, self._worked = now, worked
        return 0 if is_busy else self.grow(self._open)

    def grow(self, wanted: int) -> int:
        """How many of that many more there can be."""
        added = min(wanted, self._most - self._open)
        self._open += added
        return added
