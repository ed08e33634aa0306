"""A small poll()-based event loop: one thread multiplexes many connections.

While the server thinks about one message, the thread makes the next one and writes it over another
connection. A thread per connection would pass the interpreter's lock back and forth several times
a message: messages of 64 KB took 98 µs so, and take 77 with one thread for two connections. One
poll() finds all answers that have come: to try each connection is a system call for each.
"""

from __future__ import annotations

import contextlib
import math
import select
import time
from collections import deque
from collections.abc import Generator, Iterator
from typing import Generic, NamedTuple

from lovecampaign.providers.base.outcomes import NoConnection
from lovecampaign.providers.pool.autoscale import CHECK_SECONDS, Autoscaler
from lovecampaign.providers.pool.connection import (
    DeliveryCoroutine,
    Item,
    PendingReply,
    PooledConnection,
)
from lovecampaign.providers.pool.work_queue import FLUSH_SECONDS, QueueClient, WorkQueue

#: With two, the answer to the first is there when the second is written, if the server is as quick
#: as we are; where a message takes two answers (SMTP without commands ahead), it takes four. One
#: more is used while one of them connects; ten were slower, as their messages leave the cache.
MAX_CONNECTIONS = 5

#: A thread that one connection blocked for longer, in writing to a server that is slow to read,
#: serves no other: their answers would be read late. To render 16 messages takes a third of it.
SLOW_WRITE_SECONDS = 0.05


class _WaitingTask(NamedTuple, Generic[Item]):
    """A connection that waits for an answer."""

    connection: PooledConnection[Item]
    #: The item it started with.
    item: Item
    coroutine: DeliveryCoroutine[Item]
    pending: PendingReply


class EventLoop(Generic[Item]):
    """The work of one thread."""

    def __init__(
        self,
        queue: WorkQueue[Item, PooledConnection[Item]],
        client: QueueClient[Item],
        autoscaler: Autoscaler,
    ) -> None:
        self._queue = queue
        self._client = client
        self._autoscaler = autoscaler
        #: By file descriptor.
        self._waiting: dict[int, _WaitingTask[Item]] = {}
        self._poll = select.poll()
        #: Descriptors of the poll. They stay: to register one for each reply takes longer.
        self._registered: set[int] = set()
        #: Tasks that the last poll found, not resumed yet.
        self._ready: deque[_WaitingTask[Item]] = deque()
        self._is_write_slow = False
        #: Whether :meth:`steps` has left nothing to :meth:`run`.
        self.is_done = False

    def run(self) -> None:
        """Deliver items until there are none left, or no connections.

        Raises what the source, a connection or the flight log raises, after all messages in
        flight were answered.
        """
        with self._draining():
            while self._resume_ready() or self._start_next() or self._wait():
                pass

    def steps(self) -> Generator[None, None, None]:
        """:meth:`run` step by step, as long as the server and the source are quick.

        A loop that has to wait should run in its own thread: :meth:`run` continues there. Answers
        can be taken after each step. Closing the generator also drains the messages in flight.
        """
        with self._draining():
            while not (self._queue.is_slow or self._is_write_slow):
                if not (self._resume_ready() or self._start_next() or self._is_answered_soon()):
                    self.is_done = not self._in_flight
                    break
                yield
            self._client.flush()
            yield

    @contextlib.contextmanager
    def _draining(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._queue.stop()
            self._drain()
            raise
        finally:
            self._client.flush()

    def _resume_ready(self) -> bool:
        """Resume one coroutine that has its answer, or is late; those of one poll in turn."""
        if not self._ready:
            self._collect(0.0)
        while self._ready:
            task = self._ready.popleft()
            if task.pending.is_ready or task.pending.deadline <= time.monotonic():
                self._advance(task.connection, task.item, task.coroutine)
                return True
            self._await(task)  # half a reply
        return False

    def _start_next(self) -> bool:
        """Start one more delivery, if there are an item and a connection for it."""
        limit = 1 if self._is_write_slow else MAX_CONNECTIONS
        connection = self._queue.take_connection() if self._in_flight < limit else None
        if connection is None:
            return False
        if not self._in_flight:
            item = self._client.take(connection)
        else:
            item = self._client.take_ahead()
            if item is None:
                self._queue.return_connection(connection)
        if item is not None:
            self._start(connection, item)
        return item is not None

    def _start(self, connection: PooledConnection[Item], item: Item) -> None:
        self._advance(connection, item, connection.deliver(item, self._client))

    def _advance(
        self, connection: PooledConnection[Item], item: Item, coroutine: DeliveryCoroutine[Item]
    ) -> None:
        """Run a coroutine up to its next yield, or its end."""
        try:
            pending = self._timed_next(coroutine)
        except StopIteration as end:
            first, *others = end.value or (None,)
            self._queue.put_back(others)
            if first is None:
                self._queue.return_connection(connection)
            else:
                self._start(connection, first)
        except NoConnection as failure:
            # The connection is retired and others take its item; only the last one reports.
            if not self._queue.requeue(item):
                self._queue.return_connection(connection)
                self._client.report(connection.undelivered(item, failure))
        else:
            self._await(_WaitingTask(connection, item, coroutine, pending))

    def _timed_next(self, coroutine: DeliveryCoroutine[Item]) -> PendingReply:
        started = time.monotonic()
        try:
            return next(coroutine)
        finally:
            passed = time.monotonic() - started
            self._is_write_slow = passed > SLOW_WRITE_SECONDS
            if self._is_write_slow:
                self._autoscaler.note_waited(passed)

    def _is_answered_soon(self) -> bool:
        """Whether an answer comes before the autoscaler's next check."""
        if not self._waiting:
            return False
        with self._autoscaler.waiting():
            return self._collect(CHECK_SECONDS)

    def _wait(self) -> bool:
        """Wait until an answer comes, or is too late; False where none is pending."""
        if not self._waiting:
            return False
        with self._autoscaler.waiting():
            if not self._collect(min(self._seconds_left, FLUSH_SECONDS)):
                self._client.flush()
                self._collect(self._seconds_left)
        return True

    @property
    def _in_flight(self) -> int:
        return len(self._waiting) + len(self._ready)

    @property
    def _seconds_left(self) -> float:
        """Until the first deadline."""
        first = min(task.pending.deadline for task in self._waiting.values())
        return max(0.0, first - time.monotonic())

    def _await(self, task: _WaitingTask[Item]) -> None:
        if task.pending.is_buffered:
            self._ready.append(task)
            return
        fileno = task.pending.fileno()
        if fileno not in self._registered:
            self._poll.register(fileno, select.POLLIN)
            self._registered.add(fileno)
        self._waiting[fileno] = task

    def _collect(self, seconds: float) -> bool:
        """Wait for so long; whether connections have data or are late, which are ready then."""
        if not self._waiting:
            return False
        # Rounded up: a deadline that is due in half a millisecond would be polled for many times.
        for fileno, _ in self._poll.poll(math.ceil(seconds * 1000)):
            if (task := self._waiting.pop(fileno, None)) is not None:
                self._ready.append(task)
            else:  # closed, or not in use by this loop any more
                self._poll.unregister(fileno)
                self._registered.remove(fileno)
        if self._waiting:
            now = time.monotonic()
            late = [each for each, task in self._waiting.items() if task.pending.deadline <= now]
            self._ready += map(self._waiting.pop, late)
        return bool(self._ready)

    def _drain(self) -> None:
        """Finish the messages in flight, whatever failed elsewhere."""
        while in_flight := self._in_flight:
            try:
                if not self._resume_ready():
                    self._wait()
            except Exception:
                if self._in_flight == in_flight:
                    raise
