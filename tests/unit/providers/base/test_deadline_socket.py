"""What is waited for comes by its deadline, or not at all."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.providers.base.deadline_socket import DeadlineSocket
from lovecampaign.testing.certificate import self_signed

Pair = tuple[socket.socket, socket.socket]
#: More than any two sockets hold back for a reader.
MUCH = 20_000_000


@pytest.fixture(params=["plain", "tls"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    if request.param == "tls":
        certificate = self_signed(tmp_path)
        with ThreadPoolExecutor(1) as thread:
            server = thread.submit(certificate.for_server().wrap_socket, theirs, server_side=True)
            ours = certificate.for_client().wrap_socket(ours, server_hostname="localhost")
        theirs = server.result()
    with ours, theirs:
        yield ours, theirs


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def receive_until(patient: DeadlineSocket, deadline: float) -> None:
    while patient.receive(deadline):
        pass


def read_all(sock: socket.socket, size: int, into: bytearray) -> None:
    while len(into) < size:
        into += sock.recv(1_000_000)


def test_what_comes_is_received_and_an_end_is_empty(pair: Pair) -> None:
    ours, theirs = pair
    patient = DeadlineSocket(ours)
    theirs.sendall(b"hello")
    assert patient.receive(soon()) == b"hello"
    theirs.shutdown(socket.SHUT_RDWR)
    theirs.close()
    assert patient.receive(soon()) == b""


def test_what_is_there_is_received_without_a_wait(pair: Pair) -> None:
    ours, theirs = pair
    patient, begun = DeadlineSocket(ours), time.monotonic()
    assert patient.receive_now() is None
    theirs.sendall(b"hello")
    while (received := patient.receive_now()) is None:
        assert time.monotonic() - begun < 2
    assert received == b"hello"
    with pytest.raises(TimeoutError):
        patient.receive(soon(0.3))
    assert time.monotonic() - begun >= 0.3, "a limit holds again"


def test_all_of_a_record_is_received_at_once(pair: Pair) -> None:
    """What OpenSSL has decrypted already is no reason for a poll to end."""
    ours, theirs = pair
    patient = DeadlineSocket(ours)
    theirs.sendall(b"x" * 16_000)
    received = b""
    while len(received) < 16_000:
        received += patient.receive_now() or b""
        if patient.is_tls and received:
            break
    assert len(received) == 16_000
    assert patient.is_silent


def test_what_came_in_time_is_received_after_it(pair: Pair) -> None:
    ours, theirs = pair
    patient = DeadlineSocket(ours)
    theirs.sendall(b"hello")
    time.sleep(0.05)
    assert patient.receive(soon(-1)) == b"hello"


@pytest.mark.parametrize("seconds", [0.2, 0.001, 0.0, -1.0])
def test_silence_ends_at_the_deadline(pair: Pair, seconds: float) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="did not answer in time"):
        DeadlineSocket(pair[0]).receive(begun + seconds)
    assert seconds * 0.9 <= time.monotonic() - begun < 1.5


def test_a_deadline_holds_for_all_bytes_together(pair: Pair) -> None:
    ours, theirs = pair
    patient, begun = DeadlineSocket(ours), time.monotonic()
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.03):
            theirs.sendall(b".")

    with ThreadPoolExecutor(1) as thread:
        thread.submit(drip)
        try:
            with pytest.raises(TimeoutError):
                receive_until(patient, begun + 0.4)
        finally:
            stop.set()
    assert 0.35 <= time.monotonic() - begun < 1.5


def test_who_does_not_read_on_is_given_up_at_the_deadline(pair: Pair) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        DeadlineSocket(pair[0]).send([b"x" * MUCH], begun + 0.3)
    assert 0.25 <= time.monotonic() - begun < 1.5


@pytest.mark.parametrize("count", [1, 3, 5000])
def test_pieces_arrive_whole_and_in_order_however_slowly_they_are_read(
    pair: Pair, count: int
) -> None:
    """5,000 are more than the operating system takes at once; all of them more than it holds."""
    ours, theirs = pair
    pieces = [bytes([number % 251]) * (MUCH // count) for number in range(count)]
    received = bytearray()
    reader = threading.Thread(target=read_all, args=(theirs, MUCH // count * count, received))
    reader.start()
    DeadlineSocket(ours).send(pieces, soon(30))
    reader.join()
    assert received == b"".join(pieces)


def test_a_broken_connection_is_not_a_slow_one(pair: Pair) -> None:
    ours, theirs = pair
    patient = DeadlineSocket(ours)
    theirs.close()
    with pytest.raises((ConnectionError, ssl.SSLError)):
        patient.send([b"x" * MUCH], soon())


def test_it_is_silent_until_something_comes_or_it_ends() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        patient = DeadlineSocket(ours)
        assert patient.is_silent
        theirs.sendall(b"?")
        assert not patient.is_silent
        patient.receive(soon())
        assert patient.is_silent
        theirs.close()
        assert not patient.is_silent


class Counting(socket.socket):
    """Counts how often its limits are set."""

    limits_set = 0

    def setsockopt(self, *options: Any) -> None:
        self.limits_set += 1
        super().setsockopt(*options)

    def settimeout(self, value: float | None) -> None:
        self.limits_set += 1
        super().settimeout(value)


def test_a_limit_that_is_about_right_stays() -> None:
    ours, theirs = socket.socketpair()
    with Counting(fileno=ours.detach()) as counting, theirs:
        patient = DeadlineSocket(counting)
        counting.limits_set = 0
        for _ in range(100):
            patient.send([b"ping"], soon(60))
            theirs.sendall(theirs.recv(4))
            assert patient.receive(soon(60)) == b"ping"
        assert counting.limits_set == 2, "one for reading, one for writing"
