"""How does one thread serve several lanes? It goes on with whichever has its answer.

While the other side makes up its mind about one message, the thread makes the next one and writes
it over another connection. A thread for each would hand the interpreter from one to the other
several times a message: letters of 64 KB cost 98 µs so, where one thread for two lanes takes 77.
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
from lovecampaign.providers.pool.intake import FLUSH_SECONDS, QueueClient
from lovecampaign.providers.pool.work_queue import WorkQueue

#: With two, the answer to the first is there when the second is written, if the server is as
#: quick as we are; the third goes on while one of them connects.
MAX_CONNECTIONS = 3


#: A thread that was held up longer by one lane, in writing to a server that is slow to read, serves
#: no more of them: their answers would be read late. To make sixteen letters takes a third of it.
SLOW_WRITE_SECONDS = 0.05


class _Paused(NamedTuple, Generic[Item]):
    """A lane that waits for an answer."""

    lane: PooledConnection[Item]
    #: What it began with.
    item: Item
    carrying: DeliveryCoroutine[Item]
    awaited: PendingReply


class EventLoop(Generic[Item]):
    """One thread's work."""

    def __init__(
        self,
        stream: WorkQueue[Item, PooledConnection[Item]],
        intake: QueueClient[Item],
        demand: Autoscaler,
    ) -> None:
        self._stream = stream
        self._intake = intake
        self._demand = demand
        self._paused: deque[_Paused[Item]] = deque()
        self._is_held_up = False
        #: Whether :meth:`steps` has left nothing to :meth:`drive`.
        self.is_done = False

    def drive(self) -> None:
        """Carry what there is to take, as far as there are lanes for it.

        Raises what the source, a lane or the flight raises, after all that is in the air was
        answered.
        """
        with self._finishing():
            while self._go_on() or self._begin() or self._wait():
                pass

    def steps(self) -> Generator[None, None, None]:
        """The same step by step, as long as the other side and the source are quick.

        Whoever waits should do so in a thread of its own: :meth:`drive` goes on there. At each
        step all answers can be taken, and who takes no more of them ends here: what is in the air
        is answered then, too.
        """
        with self._finishing():
            while not (self._stream.is_slow or self._is_held_up):
                if not (self._go_on() or self._begin() or self._comes_soon()):
                    self.is_done = not self._paused
                    break
                yield
            self._intake.hand_on()
            yield

    @contextlib.contextmanager
    def _finishing(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._stream.stop()
            self._finish()
            raise
        finally:
            self._intake.hand_on()

    def _go_on(self) -> bool:
        """Resume one lane whose answer is there: whoever has waited longest is asked first."""
        for _ in range(len(self._paused)):
            paused = self._paused.popleft()
            if paused.awaited.is_there:
                self._advance(paused.lane, paused.item, paused.carrying)
                return True
            self._paused.append(paused)
        return False

    def _begin(self) -> bool:
        """Let one more lane carry something, where there are both."""
        most = 1 if self._is_held_up else MAX_CONNECTIONS
        lane = self._stream.take_lane() if len(self._paused) < most else None
        if lane is None:
            return False
        if not self._paused:
            item = self._intake.take(lane)
        else:
            item = self._intake.take_ahead()
            if item is None:
                self._stream.return_lane(lane)
        if item is not None:
            self._start(lane, item)
        return item is not None

    def _start(self, lane: PooledConnection[Item], item: Item) -> None:
        self._advance(lane, item, lane.carry(item, self._intake))

    def _advance(
        self, lane: PooledConnection[Item], item: Item, carrying: DeliveryCoroutine[Item]
    ) -> None:
        """Up to the lane's next pause, or its end."""
        try:
            awaited = self._resumed(carrying)
        except StopIteration as end:
            if end.value is None:
                self._stream.return_lane(lane)
            else:
                self._start(lane, end.value)
        except NoConnection as missing:
            self._do_without(lane, item, missing)
        else:
            self._paused.append(_Paused(lane, item, carrying, awaited))

    def _resumed(self, carrying: DeliveryCoroutine[Item]) -> PendingReply:
        begun = time.monotonic()
        try:
            return next(carrying)
        finally:
            passed = time.monotonic() - begun
            self._is_held_up = passed > SLOW_WRITE_SECONDS
            if self._is_held_up:
                self._demand.note_waited(passed)

    def _do_without(self, lane: PooledConnection[Item], item: Item, missing: NoConnection) -> None:
        """The lane rests, and others take its item; only the last of all lanes answers."""
        if not self._stream.leave_to_others(item):
            self._stream.return_lane(lane)
            self._intake.answer(lane.unasked(item, missing))

    def _comes_soon(self) -> bool:
        """Whether an answer comes before the next look at the demand for threads."""
        if not self._paused:
            return False
        with self._demand.waiting():
            return bool(self._poll().poll(CHECK_SECONDS * 1000))

    def _wait(self) -> bool:
        """Until an answer comes, or is too late; False where none is awaited."""
        if not self._paused:
            return False
        first = min(self._paused, key=lambda paused: paused.awaited.deadline)
        with self._demand.waiting():
            is_answered = self._is_answered_by(first.awaited.deadline)
        if not is_answered:
            self._paused.remove(first)
            self._advance(first.lane, first.item, first.carrying)
        return True

    def _is_answered_by(self, deadline: float) -> bool:
        """Whether anything came from anybody; what is known meanwhile does not wait for it."""
        poll = self._poll()
        seconds = max(0.0, deadline - time.monotonic())
        if poll.poll(min(seconds, FLUSH_SECONDS) * 1000):
            return True
        self._intake.hand_on()
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))

    def _poll(self) -> select.poll:
        poll = select.poll()
        for paused in self._paused:
            poll.register(paused.awaited, select.POLLIN)
        return poll

    def _finish(self) -> None:
        """What is in the air is answered, whatever went wrong elsewhere."""
        while waiting := len(self._paused):
            try:
                if not self._go_on():
                    self._wait()
            except Exception:  # noqa: BLE001 - the first trouble is the one raised
                if len(self._paused) == waiting:
                    self._paused.popleft()  # it cannot even be waited for
