"""How do several connections share one stream of messages?

Each connection is a lane with a thread of its own, which takes the next message as soon as its
last one is answered. A lane that gets no connection (many servers limit how many they allow)
hands its message back to the others and rests; only the last lane open answers in such a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from threading import Lock
from typing import Protocol

from lovecampaign.message import Message, Outcome
from lovecampaign.providers.base import Flight
from lovecampaign.providers.verdict import NoConnection


class Lane(Protocol):
    """One connection to the other side, used by one thread at a time."""

    def deliver(self, message: Message, flight: Flight) -> Outcome:
        """Send one message; raises NoConnection where nothing of it has left."""
        ...

    def close(self) -> None: ...


def send_over_lanes(
    lanes: Sequence[Lane], messages: Iterable[Message], flight: Flight
) -> Iterator[Outcome]:
    """Outcomes in completion order, as :meth:`Provider.send` promises them."""
    stream = _Stream(messages, len(lanes))
    outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
    with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as threads:
        running = [threads.submit(_work, lane, stream, flight, outcomes) for lane in lanes]
        try:
            yield from _until_all_ended(outcomes, len(lanes))
        finally:
            stream.stop()
    for lane in running:
        lane.result()


def _until_all_ended(outcomes: SimpleQueue[Outcome | None], lanes: int) -> Iterator[Outcome]:
    while lanes:
        outcome = outcomes.get()
        if outcome is None:
            lanes -= 1
        else:
            yield outcome


def _work(
    lane: Lane, stream: _Stream, flight: Flight, outcomes: SimpleQueue[Outcome | None]
) -> None:
    try:
        while (message := stream.take()) is not None:
            outcome = _deliver(lane, message, stream, flight)
            if outcome is None:
                return
            try:
                flight.answered(outcome)
            finally:
                outcomes.put(outcome)
    except BaseException:
        stream.break_off()
        raise
    finally:
        outcomes.put(None)


def _deliver(lane: Lane, message: Message, stream: _Stream, flight: Flight) -> Outcome | None:
    try:
        return lane.deliver(message, flight)
    except NoConnection as missing:
        if stream.hand_back(message):
            return None
        return replace(missing.verdict.on(message), is_unasked=True)


class _Stream:
    """The messages, taken by one lane at a time; counts the lanes that still take any."""

    def __init__(self, messages: Iterable[Message], lanes: int) -> None:
        self._messages = iter(messages)
        self._lock = Lock()
        self._handed_back: list[Message] = []
        self._open_lanes = lanes
        self._is_stopped = False

    def take(self) -> Message | None:
        """The next message; None ends the lane."""
        with self._lock:
            if self._handed_back:
                return self._handed_back.pop()
            message = None if self._is_stopped else next(self._messages, None)
            if message is None:
                self._is_stopped = True
                self._open_lanes -= 1
            return message

    def hand_back(self, message: Message) -> bool:
        """Leave ``message`` to another lane and end this one; False if this is the last one."""
        with self._lock:
            if self._open_lanes == 1:
                return False
            self._open_lanes -= 1
            self._handed_back.append(message)
            return True

    def break_off(self) -> None:
        """A lane ends by an exception, and no lane takes anything more."""
        with self._lock:
            self._is_stopped = True
            self._open_lanes -= 1

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            self._handed_back.clear()
