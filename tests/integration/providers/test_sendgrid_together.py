"""One thread serves several connections to SendGrid, and every message has one end."""

from __future__ import annotations

import contextlib
import itertools
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Self

import pytest

from lovecampaign.core.message import Message, Outcome, OutcomeKind
from lovecampaign.providers.sendgrid.connection import Endpoint
from lovecampaign.providers.sendgrid.provider import SendGridProvider
from lovecampaign.testing.messages import RecordingFlight, make_message

MANY = 200
TAKEN = b"HTTP/1.1 202 Accepted\r\n%sContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"Content-Length: (\d+)\r\n\r\n")


class Peer:
    """Takes everything, each after ``seconds``; hangs up without a word at every n-th request."""

    def __init__(
        self,
        *,
        seconds: float = 0.0,
        hangs_up_at: int = 0,
        goes_away_at: int = 0,
        headers: bytes = b"",
    ) -> None:
        self._seconds = seconds
        self._answer = TAKEN % headers
        self._hangs_up_at = hangs_up_at
        self._goes_away_at = goes_away_at
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._go_away()
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _go_away(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            while _has_read_a_request(sock):
                if self._is_over(next(self._numbers)):
                    break
                time.sleep(self._seconds)
                sock.sendall(self._answer)

    def _is_over(self, number: int) -> bool:
        if self._goes_away_at and number >= self._goes_away_at:
            self._go_away()
            return True
        return self._hangs_up_at > 0 and number % self._hangs_up_at == 0


def _has_read_a_request(sock: socket.socket) -> bool:
    received = b""
    while not (head := _LENGTH.search(received)) or len(received) < head.end() + int(head[1]):
        more = sock.recv(65536)
        if not more:
            return False
        received += more
    return True


def in_the_air(flight: RecordingFlight) -> int:
    notes = Counter(note for note, _ in flight.notes)
    return notes["writing"] - notes["answered"]


def watched(
    messages: Iterator[Message], flight: RecordingFlight, seen: list[int]
) -> Iterator[Message]:
    """Notes how many others are in the air whenever a message is asked for."""
    for message in messages:
        seen.append(in_the_air(flight))
        yield message


def provider_for(peer: Peer, connections: int = 1) -> SendGridProvider:
    endpoint = Endpoint(host="127.0.0.1", port=peer.port, is_tls=False, answer_seconds=5)
    return SendGridProvider(endpoint, "SG.x", connections=connections)


def send(
    peer: Peer, *, connections: int = 1, count: int = MANY
) -> tuple[list[Outcome], RecordingFlight, list[int]]:
    flight, seen = RecordingFlight(), list[int]()
    messages = watched(map(make_message, range(count)), flight, seen)
    with contextlib.closing(provider_for(peer, connections)) as provider:
        return list(provider.send(messages, flight)), flight, seen


def test_over_one_connection_one_request_is_in_the_air_at_a_time() -> None:
    with Peer() as peer:
        outcomes, flight, seen = send(peer)
    assert set(seen) == {0}
    assert flight.notes == [
        (note, one.delivery_id) for one in outcomes for note in ("writing", "answered")
    ]


def test_while_one_is_answered_another_is_made_ready() -> None:
    with Peer(seconds=0.001) as peer:
        seen = send(peer, connections=3)[2]
    assert 0 < max(seen) <= 3


def test_all_connections_are_used_where_answers_are_waited_for() -> None:
    with Peer(seconds=0.05) as peer:
        send(peer, connections=8, count=80)
        assert peer.connections == 8


def test_whom_a_rate_limit_holds_back_keeps_no_answer_waiting() -> None:
    """One thread serves them all: were it to wait for room, nobody could make any."""
    begun = time.monotonic()
    with Peer(headers=_one_at_a_time()) as peer:
        outcomes, flight, _ = send(peer, connections=3, count=20)
    assert {one.kind for one in outcomes} == {OutcomeKind.ACCEPTED}
    assert time.monotonic() - begun < 5, "the window ends in a minute"
    last = [note for note, _ in flight.notes][-10:]
    assert last == ["writing", "answered"] * 5


def _one_at_a_time() -> bytes:
    in_a_minute = int(time.time()) + 60
    return b"X-RateLimit-Remaining: 1\r\nX-RateLimit-Reset: %d\r\n" % in_a_minute


@pytest.mark.parametrize("connections", [1, 3])
def test_every_message_has_one_end_when_the_server_hangs_up(connections: int) -> None:
    with Peer(hangs_up_at=7) as peer:
        outcomes = send(peer, connections=connections)[0]
    assert sorted(one.delivery_id for one in outcomes) == [
        make_message(number).delivery_id for number in range(MANY)
    ]
    kinds = Counter(one.kind for one in outcomes)
    assert kinds == {OutcomeKind.UNKNOWN: MANY // 7, OutcomeKind.ACCEPTED: MANY - MANY // 7}


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("is_limited", [False, True])
def test_every_message_has_one_end_when_the_server_goes_away(
    connections: int, is_limited: bool
) -> None:
    """Also of those who waited until others had made room."""
    with Peer(goes_away_at=100, headers=_one_at_a_time() if is_limited else b"") as peer:
        outcomes, flight, _ = send(peer, connections=connections)
    assert sorted(one.delivery_id for one in outcomes) == [
        make_message(number).delivery_id for number in range(MANY)
    ]
    unasked = {one.delivery_id for one in outcomes if one.is_unasked}
    assert len(unasked) >= MANY - 100 - connections
    assert not unasked & set(flight.written)
