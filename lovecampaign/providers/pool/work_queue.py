"""The work queue that the threads of a pool share, and each thread's client of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from queue import SimpleQueue
from threading import Lock
from typing import Any, Generic, TypeAlias, TypeVar

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.providers.base.provider import FlightLog

Item = TypeVar("Item")
AnyConnection = TypeVar("AnyConnection")
#: None: a thread has ended.
Answers: TypeAlias = "SimpleQueue[Sequence[Outcome] | None]"

#: Where the last item took longer than this to come (a throttle, a slow disk), a thread that holds
#: another item does not wait for the next one: the one it holds would leave late.
MAX_WAIT_AHEAD_SECONDS = 0.005
#: Accepted outcomes are buffered for this long at most, and this many of them.
FLUSH_SECONDS = 0.05
_MAX_BUFFERED = 64


class WorkQueue(Generic[Item, AnyConnection]):
    """The items and the idle connections; both are taken by one thread at a time.

    A thread that holds a connection asks for an item before it ends, so that requeued items are
    delivered as long as there is a connection for them.
    """

    def __init__(self, items: Iterable[Item], connections: Sequence[AnyConnection]) -> None:
        self._items = iter(items)
        #: Held while an item is made, which may take long.
        self._source = Lock()
        #: Held for a moment only.
        self._lock = Lock()
        self._requeued: list[Item] = []
        #: The connection that was used last on top: it is open.
        self._idle = list(reversed(connections))
        self._usable = len(connections)
        self._is_exhausted = False
        self._is_stopped = False
        #: Whether the last item was slow to come.
        self.is_slow = False
        #: The exception of the source, until a thread with nothing in hand raises it.
        self._broken: BaseException | None = None

    @property
    def has_room_for_more(self) -> bool:
        """Whether one more thread would find a connection, and perhaps an item for it."""
        has_items = self._requeued or not self._is_exhausted
        return bool(self._idle and has_items) and not self._is_stopped

    def take_connection(self) -> AnyConnection | None:
        """An idle connection."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def return_connection(self, connection: AnyConnection) -> None:
        with self._lock:
            self._idle.append(connection)

    def take(self, connection: AnyConnection) -> Item | None:
        """The next item; None: there is none, and the connection is returned.

        Raises what the source raises.
        """
        with self._source:
            item = self._next()
            if item is None and self._broken is not None:
                error, self._broken = self._broken, None
                raise error
            return item if item is not None else self._return_unless_requeued(connection)

    def take_ahead(self) -> Item | None:
        """The next item if it comes at once; raises nothing, as another item is in hand."""
        if self.is_slow or not self._source.acquire(timeout=MAX_WAIT_AHEAD_SECONDS):
            return None
        try:
            return self._next()
        finally:
            self._source.release()

    def requeue(self, item: Item) -> bool:
        """Retire a connection and leave its item to the others; False if it is the last one."""
        with self._lock:
            if self._usable == 1:
                return False
            self._usable -= 1
            self._requeued.append(item)
            return True

    def put_back(self, items: Sequence[Item]) -> None:
        """Leave items to any connection; the caller still holds one, and asks before it ends."""
        if items:
            with self._lock:
                self._requeued += items

    def stop(self) -> None:
        """Hand out no more items."""
        self._is_stopped = True

    def _return_unless_requeued(self, connection: AnyConnection) -> Item | None:
        """In one step: else an item could be requeued between the check and the return."""
        with self._lock:
            if self._requeued and not self._is_stopped:
                return self._requeued.pop()
            self._idle.append(connection)
            return None

    def _next(self) -> Item | None:
        if self._is_stopped:
            return None
        if self._requeued:
            with self._lock:
                if self._requeued:
                    return self._requeued.pop()
        return None if self._is_exhausted else self._make()

    def _make(self) -> Item | None:
        asked_at = time.monotonic()
        item: Item | None = None
        try:
            item = next(self._items, None)
        except BaseException as error:  # noqa: BLE001 - raised by `take`
            self._broken = error
        self.is_slow = time.monotonic() - asked_at > MAX_WAIT_AHEAD_SECONDS
        self._is_exhausted = item is None
        return item


class QueueClient(Generic[Item]):
    """One thread's client of the queue: takes items and reports outcomes."""

    def __init__(self, queue: WorkQueue[Item, Any], flight: FlightLog, answers: Answers) -> None:
        self.flight = flight
        self._queue = queue
        self._answers = answers
        self._buffer: list[Outcome] = []
        self._flushed_at = time.monotonic()

    def take(self, connection: Any) -> Item | None:
        """Wait for the next item; None: there is none, and the connection is returned."""
        if self._queue.is_slow:
            self.flush()
        return self._queue.take(connection)

    def take_ahead(self) -> Item | None:
        """The next item if it comes without a wait: another item is still in hand."""
        return self._queue.take_ahead()

    def report(self, outcomes: Sequence[Outcome]) -> None:
        """Log the outcomes and pass them on: soon if all are accepted, else at once."""
        self.flight.answered(*outcomes)
        self._buffer += outcomes
        is_good = [each.kind for each in outcomes] == [OutcomeKind.ACCEPTED] * len(outcomes)
        is_late = time.monotonic() - self._flushed_at > FLUSH_SECONDS
        if is_late or not is_good or len(self._buffer) >= _MAX_BUFFERED:
            self.flush()

    def flush(self) -> None:
        """Pass on the buffered outcomes: to wake the consumer for each would be slow."""
        if self._buffer:
            self._answers.put(self._buffer)
            self._buffer, self._flushed_at = [], time.monotonic()
