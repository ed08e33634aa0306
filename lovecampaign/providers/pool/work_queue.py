"""Who takes the next message, over which lane, and when is none taken any more?"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")
Connection = TypeVar("Connection")

#: Where the last item took longer than this to come (a pace, a slow disk), the next one is not
#: waited for by who holds another: that one would leave late.
LONGEST_WAIT_AHEAD_SECONDS = 0.005


class WorkQueue(Generic[Item, Connection]):
    """The items, and the lanes that nobody uses; both are taken by one thread at a time.

    Who holds a lane asks for an item before it ends. So what is put back is carried as long as
    there is a lane for it.
    """

    def __init__(self, items: Iterable[Item], lanes: Sequence[Connection]) -> None:
        self._items = iter(items)
        #: Held while an item is made, which may take long.
        self._source = Lock()
        #: Held for a moment only.
        self._lock = Lock()
        self._put_back: list[Item] = []
        #: The lane that was used last on top: its connection is open.
        self._idle = list(reversed(lanes))
        self._open_lanes = len(lanes)
        self._is_exhausted = False
        self._is_stopped = False
        #: Whether the last item was long in coming.
        self.is_slow = False
        #: What the source broke with, until a thread with empty hands raises it.
        self._broken: BaseException | None = None

    @property
    def has_room_for_more(self) -> bool:
        """Whether one more thread would find a lane, and perhaps an item for it."""
        has_items = self._put_back or not self._is_exhausted
        return bool(self._idle and has_items) and not self._is_stopped

    def take_lane(self) -> Connection | None:
        """A lane that nobody uses."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def return_lane(self, lane: Connection) -> None:
        with self._lock:
            self._idle.append(lane)

    def take(self, lane: Connection) -> Item | None:
        """The next item for a lane; None: there is none, and the lane is returned.

        Raises what the source raises.
        """
        with self._source:
            item = self._next()
            if item is None and self._broken is not None:
                error, self._broken = self._broken, None
                raise error
            return item if item is not None else self._return_unless_put_back(lane)

    def take_ahead(self) -> Item | None:
        """The next item if it comes at once; raises nothing, as something else is in hand."""
        if self.is_slow or not self._source.acquire(timeout=LONGEST_WAIT_AHEAD_SECONDS):
            return None
        try:
            return self._next()
        finally:
            self._source.release()

    def leave_to_others(self, item: Item) -> bool:
        """A lane rests from now on, and others take its item; False if there are no others."""
        with self._lock:
            if self._open_lanes == 1:
                return False
            self._open_lanes -= 1
            self._put_back.append(item)
            return True

    def stop(self) -> None:
        """Nobody wants more, or something is wrong: nothing is taken any more."""
        self._is_stopped = True

    def _return_unless_put_back(self, lane: Connection) -> Item | None:
        """In one step: else an item could be put back between looking and returning."""
        with self._lock:
            if self._put_back and not self._is_stopped:
                return self._put_back.pop()
            self._idle.append(lane)
            return None

    def _next(self) -> Item | None:
        if self._is_stopped:
            return None
        if self._put_back:
            with self._lock:
                if self._put_back:
                    return self._put_back.pop()
        return None if self._is_exhausted else self._make()

    def _make(self) -> Item | None:
        asked_at = time.monotonic()
        item: Item | None = None
        try:
            item = next(self._items, None)
        except BaseException as error:  # noqa: BLE001 - raised by `take`
            self._broken = error
        self.is_slow = time.monotonic() - asked_at > LONGEST_WAIT_AHEAD_SECONDS
        self._is_exhausted = item is None
        return item
