"""A connection pool: several connections share one stream of messages.

The first event loop runs in the caller's thread as long as answers come at once; then it gets a
thread, and the autoscaler adds more where they help. A connection that cannot be made (many
servers limit their number) is retired and its message left to the others; only the last one
reports the failure.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Generic

from lovecampaign.core.message import Outcome
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.pool.autoscale import CHECK_SECONDS, Autoscaler
from lovecampaign.providers.pool.connection import Item, PooledConnection
from lovecampaign.providers.pool.event_loop import EventLoop
from lovecampaign.providers.pool.work_queue import Answers, QueueClient, WorkQueue


def send_over_connections(
    connections: Sequence[PooledConnection[Item]],
    items: Iterable[Item],
    flight: FlightLog,
    autoscaler: Autoscaler,
) -> Iterator[Outcome]:
    """Outcomes in completion order, as :meth:`Provider.send` promises them."""
    queue = WorkQueue[Item, PooledConnection[Item]](items, connections)
    answers: Answers = SimpleQueue()

    def make_loop() -> EventLoop[Item]:
        return EventLoop(queue, QueueClient(queue, flight, answers), autoscaler)

    loops = [make_loop() for _ in range(autoscaler.start())]
    if len(loops) == 1:
        yield from _run_here(loops[0], answers)
        if loops[0].is_done:
            autoscaler.note_thread_end()
            return
    with ThreadPoolExecutor(len(connections), thread_name_prefix="send") as executor:

        def start(loop: EventLoop[Item]) -> Future[None]:
            return executor.submit(_run_in_thread, loop, answers)

        try:
            threads = _Threads(start, make_loop, queue, autoscaler)
            threads.start(loops)
            yield from _answers_until_all_ended(answers, threads)
        finally:
            queue.stop()
    threads.raise_first_error()


def _run_here(loop: EventLoop[Item], answers: Answers) -> Iterator[Outcome]:
    """A thread would have to hand its answers to this one: 83 µs per 64 KB message, not 77."""
    with contextlib.closing(loop.steps()) as steps:
        try:
            for _ in steps:
                yield from _available(answers)
        except Exception:  # the messages in flight were answered
            yield from _available(answers)
            raise


def _available(answers: Answers) -> Iterator[Outcome]:
    while not answers.empty():
        yield from answers.get() or ()


class _Threads(Generic[Item]):
    """The running threads, each with its event loop."""

    def __init__(
        self,
        start: Callable[[EventLoop[Item]], Future[None]],
        make_loop: Callable[[], EventLoop[Item]],
        queue: WorkQueue[Item, PooledConnection[Item]],
        autoscaler: Autoscaler,
    ) -> None:
        self._start = start
        self._make_loop = make_loop
        self._queue = queue
        self._autoscaler = autoscaler
        self._futures: list[Future[None]] = []
        self._ended = 0

    def start(self, loops: Iterable[EventLoop[Item]]) -> None:
        """Start a thread for each loop."""
        self._futures += map(self._start, loops)

    @property
    def is_running(self) -> bool:
        return self._ended < len(self._futures)

    @property
    def may_grow(self) -> bool:
        return self._queue.has_room_for_more

    def grow(self) -> None:
        """Start more threads where they would help."""
        if self.may_grow:
            self.start([self._make_loop() for _ in range(self._autoscaler.threads_to_add())])

    def note_end(self) -> None:
        self._ended += 1
        self._autoscaler.note_thread_end()

    def raise_first_error(self) -> None:
        for future in self._futures:
            future.result()


def _answers_until_all_ended(answers: Answers, threads: _Threads[Item]) -> Iterator[Outcome]:
    while threads.is_running:
        try:
            outcomes = answers.get(timeout=CHECK_SECONDS if threads.may_grow else None)
        except Empty:
            outcomes = ()
        if outcomes is None:
            threads.note_end()
        else:
            yield from outcomes
        threads.grow()


def _run_in_thread(loop: EventLoop[Item], answers: Answers) -> None:
    try:
        loop.run()
    finally:
        answers.put(None)
