"""Who takes the next message, and when is none taken any more?"""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")

#: Where the last item took longer than this to come (a pace, a slow disk), the next one is not
#: waited for by who holds another: that one would leave late.
LONGEST_WAIT_AHEAD_SECONDS = 0.005


class Stream(Generic[Item]):
    """The items, taken by one lane at a time; counts the lanes that still take any."""

    def __init__(self, items: Iterable[Item], lanes: int) -> None:
        self._items = iter(items)
        self._lock = Lock()
        self._handed_back: list[Item] = []
        self._open_lanes = lanes
        self._is_stopped = False
        #: Whether the last item was long in coming.
        self.is_slow = False
        #: What the source broke with, until a lane with empty hands raises it.
        self._broken: BaseException | None = None

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing is left for anybody; asked without waiting for a slow source."""
        return self._is_stopped and not self._handed_back

    def take(self) -> Item | None:
        """The next item; None ends the lane. Raises what the source raises."""
        with self._lock:
            item = self._next()
            if self._broken is not None:
                error, self._broken = self._broken, None
                raise error
            if item is None:
                self._open_lanes -= 1
            return item

    def take_ahead(self) -> Item | None:
        """The next item if it comes at once; raises nothing, as something else is in hand."""
        if self.is_slow or not self._lock.acquire(timeout=LONGEST_WAIT_AHEAD_SECONDS):
            return None
        try:
            return self._next()
        finally:
            self._lock.release()

    def hand_back(self, item: Item) -> bool:
        """Leave ``item`` to another lane and end this one; False if this is the last one."""
        with self._lock:
            if self._open_lanes == 1:
                return False
            self._open_lanes -= 1
            self._handed_back.append(item)
            return True

    def break_off(self) -> None:
        """A lane ends by an exception, and no lane takes anything more."""
        with self._lock:
            self._is_stopped = True
            self._open_lanes -= 1

    def stop(self) -> None:
        """Nobody wants more."""
        with self._lock:
            self._is_stopped = True
            self._handed_back.clear()

    def _next(self) -> Item | None:
        if self._handed_back:
            return self._handed_back.pop()
        if self._is_stopped:
            return None
        asked_at = time.monotonic()
        item: Item | None = None
        try:
            item = next(self._items, None)
        except BaseException as error:  # noqa: BLE001 - raised by `take`
            self._broken = error
        self.is_slow = time.monotonic() - asked_at > LONGEST_WAIT_AHEAD_SECONDS
        self._is_stopped = item is None
        return item
