"""Lanes share a queue: in the caller's thread while answers come at once, else in threads."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Generator, Iterator, Sequence

import pytest

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.providers.base.outcomes import NoConnection
from lovecampaign.providers.pool.autoscale import Autoscaler
from lovecampaign.providers.pool.connection import DeliveryCoroutine
from lovecampaign.providers.pool.send import send_over_connections
from lovecampaign.providers.pool.work_queue import QueueClient
from lovecampaign.providers.smtp.smtp_socket import SmtpSocket
from lovecampaign.testing.messages import RecordingFlight


class EchoLane:
    """A connection over a real pair of sockets; the other side answers after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.near, self.far = socket.socketpair()
        self.wire = SmtpSocket(self.near)
        self.wire.use_system_timeout()
        #: Names of the threads that read an answer.
        self.readers: list[str] = []
        self.breaks_at = ""
        #: How long it is held up by each item, as by a server that is slow to read.
        self.held_up_seconds = 0.0
        self._seconds = seconds
        self._other_side = threading.Thread(target=self._answer, name="other side")
        self._other_side.start()

    def _answer(self) -> None:
        with self.far.makefile("rb") as lines:
            for _ in lines:
                time.sleep(self._seconds)
                self.far.sendall(b"250 yes\r\n")

    def deliver(self, item: str, client: QueueClient[str]) -> DeliveryCoroutine[str]:
        following: str | None = item
        while following is not None:
            item = following
            time.sleep(self.held_up_seconds)
            self.wire.write((f"{item}\r\n".encode(),), 5)
            yield self.wire.await_reply(5)
            self.wire.read(5)
            self.readers.append(threading.current_thread().name)
            client.report([Outcome(delivery_id=item, kind=OutcomeKind.ACCEPTED)])
            if item == self.breaks_at:
                raise RuntimeError(f"{item} broke")
            following = client.take_ahead()
        return None

    def undelivered(self, item: str, failure: NoConnection) -> Sequence[Outcome]:
        raise AssertionError(f"{item} has a connection") from failure

    def close(self) -> None:
        self.near.shutdown(socket.SHUT_WR)
        self._other_side.join()
        self.near.close()
        self.far.close()


@pytest.fixture
def connections(request: pytest.FixtureRequest) -> Iterator[list[EchoLane]]:
    """Three of them, as quick as the test asks."""
    made = [EchoLane(request.param) for _ in range(3)]
    yield made
    for connection in made:
        connection.close()


quick = pytest.mark.parametrize("connections", [0.0], indirect=True)
slow = pytest.mark.parametrize("connections", [0.05], indirect=True)


def send(
    connections: Sequence[EchoLane], items: Iterator[str], flight: RecordingFlight | None = None
) -> Generator[str, None, None]:
    flight = flight or RecordingFlight()
    for outcome in send_over_connections(connections, items, flight, Autoscaler(len(connections))):
        yield outcome.delivery_id


def readers(connections: Sequence[EchoLane]) -> set[str]:
    return {name for connection in connections for name in connection.readers}


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


@quick
def test_as_long_as_answers_come_at_once_the_callers_thread_does_it_all(
    connections: list[EchoLane],
) -> None:
    for _ in range(5):  # a machine that pauses for a moment looks like a slow server
        for connection in connections:
            connection.readers.clear()
        assert sorted(send(connections, iter(numbers(40))), key=int) == numbers(40)
        if readers(connections) == {threading.current_thread().name}:
            return
    pytest.fail(f"read by {readers(connections)}")


@slow
def test_where_answers_take_long_threads_go_on_with_what_was_begun(
    connections: list[EchoLane],
) -> None:
    assert sorted(send(connections, iter(numbers(12))), key=int) == numbers(12)
    assert all(name.startswith("send") for name in readers(connections))


@slow
def test_a_source_that_takes_long_keeps_no_answer_back(connections: list[EchoLane]) -> None:
    """A refusal stops a pass: it must be known before the next letter is due."""
    known: set[str] = set()
    known_at_making: list[int] = []

    def slowly() -> Iterator[str]:
        for number in numbers(5):
            time.sleep(0.2)
            known_at_making.append(len(known))
            yield number

    for delivery_id in send(connections, slowly()):
        known.add(delivery_id)
    assert known_at_making[2:] == [2, 3, 4]


@quick
def test_a_server_that_is_slow_to_read_is_written_to_by_several_threads(
    connections: list[EchoLane],
) -> None:
    for connection in connections:
        connection.held_up_seconds = 0.06
    assert sorted(send(connections, iter(numbers(24))), key=int) == numbers(24)
    assert all(connection.readers for connection in connections)
    assert len({name for name in readers(connections) if name.startswith("send")}) > 1


@pytest.mark.parametrize("seconds", [0.0, 0.05])
@quick
def test_a_source_that_breaks_is_told_of_after_what_it_gave(
    connections: list[EchoLane], seconds: float
) -> None:
    def breaking() -> Iterator[str]:
        yield from numbers(7)
        time.sleep(seconds)
        raise RuntimeError("no threads_to_add")

    found: set[str] = set()
    with pytest.raises(RuntimeError, match="no threads_to_add"):
        found.update(send(connections, breaking()))
    assert found == set(numbers(7))


@quick
def test_what_was_in_the_air_is_answered_for_before_trouble_is_raised(
    connections: list[EchoLane],
) -> None:
    connections[0].breaks_at = "7"
    found: set[str] = set()
    with pytest.raises(RuntimeError, match="7 broke"):
        found.update(send(connections[:1], iter(numbers(20))))
    assert found == set(numbers(8))


@pytest.mark.parametrize("connections", [0.0, 0.05], indirect=True)
def test_whoever_wants_no_more_outcomes_leaves_nothing_in_the_air(
    connections: list[EchoLane],
) -> None:
    flight = RecordingFlight()
    with contextlib.closing(send(connections, iter(numbers(200)), flight)) as outcomes:
        next(outcomes)
    answered = len(flight.notes)
    time.sleep(0.1)
    assert len(flight.notes) == answered < 200
    assert not any(connection.wire.is_ready for connection in connections)
