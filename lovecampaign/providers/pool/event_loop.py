"""A small poll()-based event loop: one thread multiplexes up to three connections.

While the server thinks about one message, the thread makes the next one and writes it over another
connection. A thread per connection would pass the interpreter's lock back and forth several times
a message: messages of 64 KB took 98 µs so, and take 77 with one thread for two connections.
"""

from __future__ import annotations

import contextlib
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

#: With two, the answer to the first is there when the second is written, if the server is as
#: quick as we are; the third is used while one of them connects.
MAX_CONNECTIONS = 3

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
        self._waiting: deque[_WaitingTask[Item]] = deque()
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
                    self.is_done = not self._waiting
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
        """Resume one coroutine that has its answer; the one that waited longest comes first."""
        for _ in range(len(self._waiting)):
            task = self._waiting.popleft()
            if task.pending.is_ready:
                self._advance(task.connection, task.item, task.coroutine)
                return True
            self._waiting.append(task)
        return False

    def _start_next(self) -> bool:
        """Start one more delivery, if there are an item and a connection for it."""
        limit = 1 if self._is_write_slow else MAX_CONNECTIONS
        connection = self._queue.take_connection() if len(self._waiting) < limit else None
        if connection is None:
            return False
        if not self._waiting:
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
            if end.value is None:
                self._queue.return_connection(connection)
            else:
                self._start(connection, end.value)
        except NoConnection as failure:
            # The connection is retired and others take its item; only the last one reports.
            if not self._queue.requeue(item):
                self._queue.return_connection(connection)
                self._client.report(connection.undelivered(item, failure))
        else:
            self._waiting.append(_WaitingTask(connection, item, coroutine, pending))

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
            return bool(self._poll().poll(CHECK_SECONDS * 1000))

    def _wait(self) -> bool:
        """Wait until an answer comes, or is too late; False where none is pending."""
        if not self._waiting:
            return False
        first = min(self._waiting, key=lambda task: task.pending.deadline)
        with self._autoscaler.waiting():
            is_answered = self._is_answered_by(first.pending.deadline)
        if not is_answered:
            self._waiting.remove(first)
            self._advance(first.connection, first.item, first.coroutine)
        return True

    def _is_answered_by(self, deadline: float) -> bool:
        """Whether any answer came in time; known outcomes are flushed meanwhile."""
        poll = self._poll()
        seconds = max(0.0, deadline - time.monotonic())
        if poll.poll(min(seconds, FLUSH_SECONDS) * 1000):
            return True
        self._client.flush()
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))

    def _poll(self) -> select.poll:
        poll = select.poll()
        for task in self._waiting:
            poll.register(task.pending, select.POLLIN)
        return poll

    def _drain(self) -> None:
        """Finish the messages in flight, whatever failed elsewhere."""
        while waiting := len(self._waiting):
            try:
                if not self._resume_ready():
                    self._wait()
            except Exception:  # noqa: BLE001 - the first exception is the one raised
                if len(self._waiting) == waiting:
                    self._waiting.popleft()  # it cannot even be waited for
