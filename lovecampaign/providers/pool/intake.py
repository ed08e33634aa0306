"""Where does one thread of a provider get its work, and where do its answers go?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.providers.base.provider import FlightLog
from lovecampaign.providers.pool.work_queue import WorkQueue

Item = TypeVar("Item")
#: None tells that a thread has ended.
Answers: TypeAlias = "SimpleQueue[Sequence[Outcome] | None]"

#: Good news may wait this long, and for this many others.
FLUSH_SECONDS = 0.05
_MOST_KEPT = 64


class QueueClient(Generic[Item]):
    """Used by one thread, and by the lanes that it serves."""

    def __init__(self, stream: WorkQueue[Item, Any], flight: FlightLog, answers: Answers) -> None:
        self.flight = flight
        self._stream = stream
        self._answers = answers
        self._kept: list[Outcome] = []
        self._handed_on_at = time.monotonic()

    def take(self, lane: Any) -> Item | None:
        """The next item for a lane, waited for; None: there is none, and the lane is returned."""
        if self._stream.is_slow:
            self.hand_on()
        return self._stream.take(lane)

    def take_ahead(self) -> Item | None:
        """The next item, if it is there without a wait: something else is still in hand."""
        return self._stream.take_ahead()

    def answer(self, outcomes: Sequence[Outcome]) -> None:
        """Note what became of somebody, and hand it on: soon where all is well, else at once."""
        self.flight.answered(*outcomes)
        self._kept += outcomes
        is_good = [each.kind for each in outcomes] == [OutcomeKind.ACCEPTED] * len(outcomes)
        is_late = time.monotonic() - self._handed_on_at > FLUSH_SECONDS
        if is_late or not is_good or len(self._kept) >= _MOST_KEPT:
            self.hand_on()

    def hand_on(self) -> None:
        """Hand on the outcomes that were kept: to wake the reader for each would be slow."""
        if self._kept:
            self._answers.put(self._kept)
            self._kept, self._handed_on_at = [], time.monotonic()
