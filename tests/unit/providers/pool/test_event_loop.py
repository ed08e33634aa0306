"""One thread serves several connections, and goes on with whichever has its answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

import pytest

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.providers.base.outcomes import NoConnection, transient
from lovecampaign.providers.pool import event_loop
from lovecampaign.providers.pool.autoscale import Autoscaler
from lovecampaign.providers.pool.connection import DeliveryCoroutine, PooledConnection
from lovecampaign.providers.pool.event_loop import MAX_CONNECTIONS, EventLoop
from lovecampaign.providers.pool.work_queue import Answers, QueueClient, WorkQueue
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, SmtpSocket
from lovecampaign.testing.messages import RecordingFlight

LONG, SHORT = 30.0, 0.2


@dataclass(kw_only=True)
class Line:
    """A connection over a real pair of sockets; the test is the other side."""

    name: str
    seconds: float = LONG
    is_cut_off: bool = False
    #: Everything that all connections did, in order.
    log: list[str]
    #: What the connection does when it reads the answer to this item.
    breaks_at: str = ""
    near: socket.socket = field(init=False)
    far: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.wire = SmtpSocket(self.near)

    def deliver(self, item: str, client: QueueClient[str]) -> DeliveryCoroutine[str]:
        if self.is_cut_off:
            yield self.wire.await_reply(SHORT)
            raise NoConnection(transient("no connection"))
        following: str | None = item
        while following is not None:
            item = following
            self.log.append(f"{self.name} writes {item}")
            yield self.wire.await_reply(self.seconds)
            self._read(item)
            client.report([Outcome(delivery_id=item, kind=OutcomeKind.ACCEPTED)])
            following = client.take_ahead()
        return None

    def _read(self, item: str) -> None:
        try:
            reply = str(self.wire.read(self.wire.deadline - time.monotonic()))
        except ConnectionLost:
            reply = "nothing"
        self.log.append(f"{self.name} reads {reply} for {item}")
        if item == self.breaks_at:
            raise RuntimeError(f"{item} broke")

    def undelivered(self, item: str, failure: NoConnection) -> Sequence[Outcome]:
        self.log.append(f"{self.name} gives up {item}")
        return [Outcome(delivery_id=item, kind=OutcomeKind.TRANSIENT, is_unasked=True)]

    def say(self, *lines: str) -> None:
        self.far.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def lines(log: list[str]) -> Iterator[list[Line]]:
    lines = [Line(name=name, log=log) for name in "AB"]
    yield lines
    for line in lines:
        line.close()


def run(lines: Sequence[Line], items: Iterable[str]) -> list[tuple[str, OutcomeKind]]:
    """Everything with one thread; returns the answers."""
    answers: Answers = SimpleQueue()
    queue = WorkQueue[str, PooledConnection[str]](items, lines)
    client = QueueClient(queue, RecordingFlight(), answers)
    EventLoop(queue, client, Autoscaler(1)).run()
    client.flush()
    found: list[tuple[str, OutcomeKind]] = []
    while not answers.empty():
        found += [(each.delivery_id, each.kind) for each in answers.get() or ()]
    return found


def test_while_one_answer_is_awaited_another_lane_writes(lines: list[Line], log: list[str]) -> None:
    """The other side answers only when it has heard from both."""

    def answer_both() -> None:
        while len(log) < 2:
            time.sleep(0.001)
        for line in lines:
            line.say("250 yes", "250 yes", "250 yes")

    other_side = threading.Thread(target=answer_both)
    other_side.start()
    answers = run(lines, ["1", "2", "3", "4"])
    other_side.join()
    assert log[:2] == ["A writes 1", "B writes 2"]
    assert sorted(answers) == [(item, OutcomeKind.ACCEPTED) for item in "1234"]


def test_a_lane_without_an_answer_holds_up_no_other(lines: list[Line], log: list[str]) -> None:
    lines[0].seconds = SHORT
    lines[1].say("250 yes", "250 yes")
    run(lines, ["1", "2", "3"])
    assert log == [
        "A writes 1",
        "B writes 2",
        "B reads 250 yes for 2",
        "B writes 3",
        "B reads 250 yes for 3",
        "A reads nothing for 1",
    ]


def test_good_news_does_not_wait_for_an_answer_that_is_long_in_coming(lines: list[Line]) -> None:
    answers: Answers = SimpleQueue()
    queue = WorkQueue[str, PooledConnection[str]](["1", "2"], lines)
    one_thread = EventLoop(queue, QueueClient(queue, RecordingFlight(), answers), Autoscaler(1))
    thread = threading.Thread(target=one_thread.run)
    lines[1].say("250 yes")
    thread.start()
    [outcome] = answers.get(timeout=LONG / 2) or ()
    assert outcome.delivery_id == "2"
    lines[0].say("250 yes")
    thread.join()


def test_half_a_reply_is_no_answer_yet(lines: list[Line], log: list[str]) -> None:
    lines[0].far.sendall(b"250 y")
    lines[0].seconds = SHORT
    lines[1].say("250 yes")
    run(lines, ["1", "2"])
    assert log[2:] == ["B reads 250 yes for 2", "A reads nothing for 1"]


def test_a_lane_whose_other_side_is_gone_goes_on_and_finds_out(
    lines: list[Line], log: list[str]
) -> None:
    lines[0].far.close()
    run(lines[:1], ["1"])
    assert log == ["A writes 1", "A reads nothing for 1"]


def test_no_more_lanes_than_are_of_use_together(log: list[str]) -> None:
    lines = [Line(name=name, log=log, seconds=SHORT) for name in "ABCDEFGHIJKLM"]
    run(lines, map(str, range(len(lines))))
    writes = [entry for entry in log[:MAX_CONNECTIONS] if "writes" in entry]
    assert len(writes) == MAX_CONNECTIONS
    assert "reads" in log[MAX_CONNECTIONS]
    for line in lines:
        line.close()


def test_a_lane_that_is_cut_off_leaves_its_item_to_others(
    lines: list[Line], log: list[str]
) -> None:
    lines[0].is_cut_off = True
    lines[1].say("250 yes", "250 yes")
    answers = run(lines, ["1", "2"])
    assert sorted(answers) == [("1", OutcomeKind.ACCEPTED), ("2", OutcomeKind.ACCEPTED)]
    assert "A gives up" not in "".join(log)


def test_only_the_last_lane_answers_for_items_that_nobody_takes(
    lines: list[Line], log: list[str]
) -> None:
    for line in lines:
        line.is_cut_off = True
    answers = run(lines, ["1", "2"])
    assert [kind for _, kind in answers] == [OutcomeKind.TRANSIENT] * 2
    assert log == ["B gives up 2", "B gives up 1"]


def test_what_is_in_the_air_is_answered_before_trouble_is_raised(
    lines: list[Line], log: list[str]
) -> None:
    lines[0].breaks_at = "1"
    threading.Timer(SHORT / 2, lines[0].say, ["250 yes"]).start()
    threading.Timer(SHORT, lines[1].say, ["250 yes"]).start()
    with pytest.raises(RuntimeError, match="1 broke"):
        run(lines, ["1", "2", "3", "4"])
    assert log[-1] == "B reads 250 yes for 2"
    assert "3" not in "".join(log).replace("250", ""), "nothing threads_to_add is taken"


def test_a_source_that_breaks_is_raised_after_what_is_in_the_air(
    lines: list[Line], log: list[str]
) -> None:
    def items() -> Iterator[str]:
        yield "1"
        raise RuntimeError("no threads_to_add")

    threading.Timer(SHORT, lines[0].say, ["250 yes"]).start()
    with pytest.raises(RuntimeError, match="no threads_to_add"):
        run(lines, items())
    assert log == ["A writes 1", "A reads 250 yes for 1"]


def test_an_item_put_back_is_taken_by_whoever_holds_a_lane(lines: list[Line]) -> None:
    """It looks at the source for the last time and returns the connection in one step."""
    queue = WorkQueue[str, Line](["1", "2"], lines)
    first, second = queue.take_connection(), queue.take_connection()
    assert first is not None
    assert second is not None
    assert [queue.take(first), queue.take(second)] == ["1", "2"]
    assert queue.requeue("1")
    assert not queue.requeue("2"), "it is the last connection"
    assert queue.take(second) == "1"
    assert queue.take(second) is None
    assert queue.take_connection() is second
    assert queue.take_connection() is None


def test_an_item_put_back_is_not_lost_when_the_source_breaks(lines: list[Line]) -> None:
    def items() -> Iterator[str]:
        yield "1"
        raise RuntimeError("no threads_to_add")

    queue = WorkQueue[str, Line](items(), lines)
    first, second = queue.take_connection(), queue.take_connection()
    assert first is not None
    assert second is not None
    assert queue.take(first) == "1"
    assert queue.take_ahead() is None
    assert queue.requeue("1")
    assert queue.take(second) == "1"
    with pytest.raises(RuntimeError, match="no threads_to_add"):
        queue.take(second)


def test_another_thread_is_of_use_while_there_may_be_items(lines: list[Line]) -> None:
    queue = WorkQueue[str, Line](["1"], lines)
    connection = queue.take_connection()
    assert connection is not None
    assert queue.has_room_for_more
    assert queue.take(connection) == "1"
    assert queue.take_ahead() is None
    assert not queue.has_room_for_more
    queue.requeue("1")
    assert queue.has_room_for_more
    queue.stop()
    assert not queue.has_room_for_more


def test_who_was_held_up_in_writing_serves_no_lane_more(
    lines: list[Line], log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop, "SLOW_WRITE_SECONDS", -1.0)
    for line in lines:
        line.say("250 yes", "250 yes")
    lines[0].seconds = SHORT
    run(lines, ["1", "2", "3"])
    assert not any(entry.startswith("B") for entry in log)
