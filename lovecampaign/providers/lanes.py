"""How do several connections share one stream of messages?

Each connection is a lane with a thread of its own, which takes the next message as soon as its
last one is answered. A lane that gets no connection (many servers limit how many they allow)
hands its message back to the others and rests; only the last lane open answers in such a case.
Lanes begin their work as :mod:`~lovecampaign.providers.demand` says: few, and more where they help.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from lovecampaign.message import Outcome, OutcomeKind
from lovecampaign.providers.base import Flight
from lovecampaign.providers.demand import LOOK_SECONDS, Demand
from lovecampaign.providers.stream import Stream
from lovecampaign.providers.verdict import NoConnection

#: What a lane carries at once: a message, or the people of one request.
Item = TypeVar("Item")
#: Good news may wait for this many others, and this long.
_MOST_KEPT = 64
_KEPT_SECONDS = 0.05
_Answers = SimpleQueue[Sequence[Outcome] | None]


class Intake(Generic[Item]):
    """Where one lane gets its work, and where its answers go."""

    def __init__(self, stream: Stream[Item], flight: Flight, answers: _Answers) -> None:
        self.flight = flight
        self._stream = stream
        self._answers = answers
        self._kept: list[Outcome] = []
        self._handed_on_at = time.monotonic()

    def take(self) -> Item | None:
        """The next item, waited for; None ends the lane."""
        if self._stream.is_slow:
            self.hand_on()
        return self._stream.take()

    def take_ahead(self) -> Item | None:
        """The next item, if it is there without a wait: something else is still in hand."""
        return self._stream.take_ahead()

    def hand_back(self, item: Item) -> bool:
        """Leave ``item`` to another lane and end this one; False if this is the last one."""
        return self._stream.hand_back(item)

    def answer(self, outcomes: Sequence[Outcome]) -> None:
        """Note what became of somebody, and hand it on: soon where all is well, else at once."""
        self.flight.answered(*outcomes)
        self._kept += outcomes
        is_urgent = time.monotonic() - self._handed_on_at > _KEPT_SECONDS
        is_urgent |= any(outcome.kind is not OutcomeKind.ACCEPTED for outcome in outcomes)
        if is_urgent or len(self._kept) >= _MOST_KEPT:
            self.hand_on()

    def hand_on(self) -> None:
        """Hand on the outcomes that were kept: to wake the reader for each would be slow."""
        if self._kept:
            self._answers.put(self._kept)
            self._kept, self._handed_on_at = [], time.monotonic()


class Lane(Protocol[Item]):
    """One connection to the other side, used by one thread at a time."""

    def carry(self, item: Item, intake: Intake[Item]) -> Item | None:
        """Deliver ``item``, and others of the intake while it lasts; answer for each.

        Returns an item that was taken and of which nothing has left, if there is one. Raises
        NoConnection where nothing of ``item`` itself has left.
        """
        ...

    def unasked(self, item: Item, missing: NoConnection) -> Sequence[Outcome]:
        """The outcomes of an item that nobody could be asked to take."""
        ...

    def close(self) -> None: ...


def send_over_lanes(
    lanes: Sequence[Lane[Item]], items: Iterable[Item], flight: Flight, demand: Demand | None = None
) -> Iterator[Outcome]:
    """Outcomes in completion order, as :meth:`Provider.send` promises them.

    Lanes open as ``demand`` says, or all at once.
    """
    stream, answers = Stream(items, len(lanes)), _Answers()
    with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as threads:

        def run(lane: Lane[Item]) -> Future[None]:
            intake = Intake(stream, flight, answers)
            return threads.submit(_work, lane, intake, stream, answers)

        crew = _Crew(lanes, run, stream, demand or _all_of(lanes))
        try:
            yield from _until_all_ended(answers, crew)
        finally:
            stream.stop()
    crew.raise_what_went_wrong()


class _Crew(Generic[Item]):
    """The lanes that run, and those that wait until they are of use."""

    def __init__(
        self,
        lanes: Sequence[Lane[Item]],
        run: Callable[[Lane[Item]], Future[None]],
        stream: Stream[Item],
        demand: Demand,
    ) -> None:
        self._waiting = list(reversed(lanes))
        self._run = run
        self._stream = stream
        self._demand = demand
        self._running: list[Future[None]] = []
        self._ended = 0
        self._open(demand.begin())

    @property
    def is_at_work(self) -> bool:
        return self._ended < len(self._running)

    @property
    def may_grow(self) -> bool:
        return bool(self._waiting)

    def look(self) -> None:
        """Open more lanes where they would help."""
        if self._waiting:
            self._open(self._demand.more())

    def note_end(self) -> None:
        """A lane has ended; another takes its place where there is something left to do."""
        self._ended += 1
        if self._waiting and not self._stream.is_exhausted:
            self._open(self._demand.grow(1))

    def raise_what_went_wrong(self) -> None:
        for lane in self._running:
            lane.result()

    def _open(self, count: int) -> None:
        for _ in range(count):
            self._running.append(self._run(self._waiting.pop()))


def _all_of(lanes: Sequence[Lane[Item]]) -> Demand:
    return Demand(len(lanes), fewest=len(lanes))


def _until_all_ended(answers: _Answers, crew: _Crew[Item]) -> Iterator[Outcome]:
    while crew.is_at_work:
        try:
            outcomes = answers.get(timeout=LOOK_SECONDS if crew.may_grow else None)
        except Empty:
            outcomes = ()
        if outcomes is None:
            crew.note_end()
        else:
            yield from outcomes
        crew.look()


def _work(lane: Lane[Item], intake: Intake[Item], stream: Stream[Item], answers: _Answers) -> None:
    try:
        _carry_all(lane, intake)
    except BaseException:
        stream.break_off()
        raise
    finally:
        intake.hand_on()
        answers.put(None)


def _carry_all(lane: Lane[Item], intake: Intake[Item]) -> None:
    item = intake.take()
    while item is not None:
        left = None
        try:
            left = lane.carry(item, intake)
        except NoConnection as missing:
            if intake.hand_back(item):
                return
            intake.answer(lane.unasked(item, missing))
        item = intake.take() if left is None else left
