"""How do several connections share one stream of messages?

Threads take messages from the stream, and lanes that nobody uses (:mod:`.driving`); there is one
thread to begin with, and more where they help (:mod:`.demand`). A lane that gets no connection
(many servers limit how many they allow) rests and leaves its message to the others; only the last
one answers in such a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Generic

from lovecampaign.message import Outcome
from lovecampaign.providers.base import Flight
from lovecampaign.providers.demand import LOOK_SECONDS, Demand
from lovecampaign.providers.driving import Driver
from lovecampaign.providers.intake import Answers, Intake
from lovecampaign.providers.lane import Item, Lane
from lovecampaign.providers.stream import Stream


def send_over_lanes(
    lanes: Sequence[Lane[Item]], items: Iterable[Item], flight: Flight, demand: Demand
) -> Iterator[Outcome]:
    """Outcomes in completion order, as :meth:`Provider.send` promises them."""
    stream = Stream[Item, Lane[Item]](items, lanes)
    answers: Answers = SimpleQueue()
    with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as threads:

        def begin() -> Future[None]:
            intake = Intake(stream, flight, answers)
            return threads.submit(_work, Driver(stream, intake, demand), intake, answers)

        try:
            crew = _Crew(begin, stream, demand)
            yield from _until_all_ended(answers, crew)
        finally:
            stream.stop()
    crew.raise_what_went_wrong()


class _Crew(Generic[Item]):
    """The threads that are at work, and whether there should be more."""

    def __init__(
        self,
        begin: Callable[[], Future[None]],
        stream: Stream[Item, Lane[Item]],
        demand: Demand,
    ) -> None:
        self._begin = begin
        self._stream = stream
        self._demand = demand
        self._running: list[Future[None]] = []
        self._ended = 0
        self._grow(demand.begin())

    @property
    def is_at_work(self) -> bool:
        return self._ended < len(self._running)

    @property
    def may_grow(self) -> bool:
        return self._stream.has_room_for_more

    def look(self) -> None:
        """Begin with more threads where they would help."""
        if self.may_grow:
            self._grow(self._demand.more())

    def note_end(self) -> None:
        self._ended += 1
        self._demand.end()

    def raise_what_went_wrong(self) -> None:
        for thread in self._running:
            thread.result()

    def _grow(self, count: int) -> None:
        self._running += [self._begin() for _ in range(count)]


def _until_all_ended(answers: Answers, crew: _Crew[Item]) -> Iterator[Outcome]:
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


def _work(driver: Driver[Item], intake: Intake[Item], answers: Answers) -> None:
    try:
        driver.drive()
    finally:
        intake.hand_on()
        answers.put(None)
