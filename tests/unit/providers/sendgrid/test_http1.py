"""A request is answered, lost before it was whole, or nobody knows: nothing else."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lovecampaign.providers.sendgrid.http1 import (
    HttpResponse,
    HttpSocket,
    RequestIncomplete,
    ResponseMissing,
)

REQUEST = (b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n", b"mail")
#: More than two sockets hold back for a reader.
HUGE = (b"POST / HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n", b"x" * 20_000_000)
TAKEN = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: %d\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def exchange(wire: HttpSocket, request: Sequence[bytes], seconds: float) -> HttpResponse:
    return wire.write(request, seconds) or wire.answer(seconds).read()


@contextlib.contextmanager
def in_the_background(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nhi",
            HttpResponse(200, {"content-length": "2", "a": "b"}, b"hi", is_kept=True),
        ),
        (
            b"HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nB: c\r\n\r\n",
            HttpResponse(200, {"transfer-encoding": "Chunked"}, b"hi", is_kept=True),
        ),
        (b"HTTP/1.1 204 No\r\n\r\n", HttpResponse(204, {}, is_kept=True)),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\nA:b\r\n\r\n",
            HttpResponse(204, {"a": "b"}, is_kept=True),
        ),
        (b"HTTP/1.0 204 No\r\n\r\n", HttpResponse(204, {})),
        (
            b"HTTP/1.1 204 No\r\nConnection: Close\r\n\r\n",
            HttpResponse(204, {"connection": "Close"}),
        ),
    ],
)
def test_answers(
    pair: tuple[socket.socket, socket.socket], sent: bytes, reply: HttpResponse
) -> None:
    ours, theirs = pair
    theirs.sendall(sent)
    assert exchange(HttpSocket(ours), REQUEST, 5) == reply
    assert theirs.recv(1000) == b"".join(REQUEST)


def test_each_answer_says_what_is_its_own(pair: tuple[socket.socket, socket.socket]) -> None:
    """Lines are read once and known again; answers of nearly the same words stay apart."""
    ours, theirs = pair
    wire = HttpSocket(ours)
    for number in (1, 2, 1, 3):
        theirs.sendall(TAKEN % number)
        reply = exchange(wire, REQUEST, 5)
        assert (reply.status, reply.headers["x-message-id"]) == (202, str(number))
    theirs.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
    assert exchange(wire, REQUEST, 5) == HttpResponse(503, {"content-length": "0"}, is_kept=True)


def test_a_connection_with_more_than_the_answer_carries_nothing_else(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """What comes behind it would be taken for the answer to the next request."""
    ours, theirs = pair
    theirs.sendall(TAKEN % 1 + b"HTTP/1.1 5")
    reply = exchange(HttpSocket(ours), REQUEST, 5)
    assert (reply.status, reply.is_kept) == (202, False)


def test_an_answer_is_there_when_its_head_is_or_when_none_can_come(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """Whoever goes on with the beginning of one keeps others waiting."""
    ours, theirs = pair
    wire = HttpSocket(ours)
    first = wire.answer(5)
    for byte in TAKEN % 1:
        assert not first.is_ready
        theirs.sendall(bytes([byte]))
    assert first.is_ready
    assert first.read().headers["x-message-id"] == "1"
    second = wire.answer(5)
    assert not second.is_ready
    theirs.close()
    assert second.is_ready
    with pytest.raises(ResponseMissing, match="closed"):
        second.read()


def test_an_answer_that_was_there_in_time_is_read_later(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    answer = HttpSocket(ours).answer(0.05)
    theirs.sendall(TAKEN % 1)
    time.sleep(0.1)
    assert answer.is_ready
    assert answer.read().status == 202


def test_lost_while_it_is_written_nothing_whole_arrived(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(RequestIncomplete):
        exchange(HttpSocket(ours), REQUEST, 5)


def test_who_does_not_read_on_got_nothing_whole(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    begun = time.monotonic()
    with pytest.raises(RequestIncomplete, match="in time"):
        exchange(HttpSocket(pair[0]), HUGE, 0.3)
    assert time.monotonic() - begun < 3, "and a second in which an answer may still come"


def test_lost_when_all_was_written_nobody_knows(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(ResponseMissing, match="closed"):
        exchange(HttpSocket(ours), REQUEST, 5)


@pytest.mark.parametrize("is_closed", [True, False])
def test_an_answer_that_comes_before_all_is_written_is_read(
    pair: tuple[socket.socket, socket.socket], is_closed: bool
) -> None:
    """413: whoever says so may close, or just not read on."""
    ours, theirs = pair
    theirs.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    if is_closed:
        theirs.close()
    reply = exchange(HttpSocket(ours), HUGE, 0.5)
    assert reply == HttpResponse(413, {"content-length": "0"}, is_kept=False)


def test_one_limit_holds_for_the_whole_answer(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair

    def drip() -> None:
        with contextlib.suppress(OSError):
            for byte in (TAKEN % 1) * 2:
                theirs.sendall(bytes([byte]))
                time.sleep(0.02)

    begun = time.monotonic()
    with in_the_background(drip):
        with pytest.raises(ResponseMissing, match="in time"):
            exchange(HttpSocket(ours), REQUEST, 0.4)
        assert time.monotonic() - begun < 1
        ours.close()


@pytest.mark.parametrize("said", [b"HTTP/1.1 408 Request Timeout\r\n\r\n", b""])
def test_who_speaks_before_a_request_has_hung_up(
    pair: tuple[socket.socket, socket.socket], said: bytes
) -> None:
    ours, theirs = pair
    wire = HttpSocket(ours)
    assert wire.is_open
    theirs.sendall(said)
    if not said:
        theirs.close()
    assert not wire.is_open


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=50).map(b"HTTP/1.1 2".__add__)))
def test_no_bytes_can_do_more_than_lose_the_answer(sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ResponseMissing):
            assert 100 <= exchange(HttpSocket(ours), REQUEST, 1).status < 600
