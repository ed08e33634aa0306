"""A connection pool: several connections share one stream of messages.

The first event loop runs in the caller's thread as long as answers come at once; then it gets a
thread, and the autoscaler adds more where they help. A connection that cannot be made (many
servers limit their number) is retired and its message left to the others; only the last one
reports the failure.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue

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
        futures: list[Future[None]] = []

        def start(new: Iterable[EventLoop[Item]]) -> None:
            futures.extend(executor.submit(_run_in_thread, loop, answers) for loop in new)

        try:
            start(loops)
            ended = 0
            while ended < len(futures):
                outcomes = _next_answer(answers, CHECK_SECONDS if queue.has_room_for_more else None)
                if outcomes is None:
                    ended += 1
                    autoscaler.note_thread_end()
                else:
                    yield from outcomes
                if queue.has_room_for_more:
                    start([make_loop() for _ in range(autoscaler.threads_to_add())])
        finally:
            queue.stop()
    for future in futures:
        future.result()  # raises the first error


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


def _next_answer(answers: Answers, timeout: float | None) -> Sequence[Outcome] | None:
    try:
        return answers.get(timeout=timeout)
    except Empty:
        return ()


def _run_in_thread(loop: EventLoop[Item], answers: Answers) -> None:
    try:
        loop.run()
    finally:
        answers.put(None)
