"""Limits of connections and request heads, with either HTTP parser."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from lovecampaign.web.hosting import open_listener
from lovecampaign.web.serve.http.head_timeout import BoundedH11
from lovecampaign.web.serve.http.httptools import MAX_HEAD_BYTES, BoundedHttpTools
from lovecampaign.web.serve.server import HttpProtocol, WebServer

PARSERS: list[HttpProtocol] = [BoundedHttpTools, BoundedH11]
HELLO = b"GET / HTTP/1.1\r\nHost: here\r\n"


async def tell_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the headers that it was given, once the body is read."""
    while (await receive())["more_body"]:
        pass
    body = b"\n".join(name + b"=" + value for name, value in scope["headers"])
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def answer_early(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers before the body is read."""
    assert scope["type"] == "http"
    length = (b"content-length", b"5")
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": b"early"})


@contextlib.contextmanager
def serving(app: ASGIApp, http: HttpProtocol) -> Iterator[int]:
    with open_listener("127.0.0.1", 0, "serve") as listener:
        server = WebServer(app, http=http)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def impatient(parser: HttpProtocol) -> HttpProtocol:
    """The same, but a head has a fifth of a second."""
    return type("Impatient", (parser,), {"head_seconds": 0.2})


@pytest.fixture(params=PARSERS, ids=["httptools", "h11"])
def parser(request: pytest.FixtureRequest) -> HttpProtocol:
    chosen: HttpProtocol = request.param
    return chosen


@pytest.fixture
def wire(parser: HttpProtocol) -> Iterator[socket.socket]:
    with serving(tell_headers, parser) as port, connected(port) as wire:
        yield wire


@pytest.fixture
def early(parser: HttpProtocol) -> Iterator[socket.socket]:
    with serving(answer_early, parser) as port, connected(port) as wire:
        yield wire


def answer(wire: socket.socket, wanted: bytes) -> bytes:
    """What comes back until ``wanted`` has come, or the end."""
    read = b""
    while wanted not in read and (more := wire.recv(65536)):
        read += more
    return read


def is_cut_off(wire: socket.socket) -> bool:
    """Whether who goes on for megabytes meets a closed door."""
    try:
        for _ in range(500):
            wire.sendall(b"a" * 65536)
    except OSError:
        return True
    return False


def test_a_head_without_an_end_is_cut_off(wire: socket.socket) -> None:
    with contextlib.suppress(OSError):  # cut off while we still talk
        wire.sendall(HELLO + b"X-Long: ")
        for _ in range(100):
            wire.sendall(b"a" * 4096)

    try:
        said = answer(wire, b"never")
    except ConnectionResetError:
        return
    assert said.startswith(b"HTTP/1.1 400")


def test_many_heads_on_one_connection_are_no_long_head(wire: socket.socket) -> None:
    pad = b"X-Pad: " + b"a" * (MAX_HEAD_BYTES // 3) + b"\r\n\r\n"

    for _ in range(5):
        wire.sendall(HELLO + pad)
        assert answer(wire, b"aa").startswith(b"HTTP/1.1 200")


def test_a_long_body_is_no_long_head(wire: socket.socket) -> None:
    body = b"b" * (5 * MAX_HEAD_BYTES)

    wire.sendall(HELLO + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    assert answer(wire, b"host=here").startswith(b"HTTP/1.1 200")


def test_headers_behind_a_body_are_not_believed(wire: socket.socket) -> None:
    """A proxy writes the client's address in a header, and may pass trailers on."""
    wire.sendall(
        HELLO + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"1\r\nb\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
    )

    said = answer(wire, b"never")
    assert b"host=here" in said
    assert b"203.0.113.9" not in said


def test_a_trailer_without_an_end_is_cut_off(wire: socket.socket) -> None:
    """However well its head and body were."""
    wire.sendall(HELLO + b"Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\nX-Long: ")

    assert is_cut_off(wire)


def test_a_trailer_behind_an_answer_is_cut_off(early: socket.socket) -> None:
    """What answers a GET, or a form that takes too long, does not wait for the end of it."""
    early.sendall(HELLO + b"Transfer-Encoding: chunked\r\n\r\n")
    assert answer(early, b"early").startswith(b"HTTP/1.1 200")

    early.sendall(b"1\r\nb\r\n0\r\nX-Long: ")

    assert is_cut_off(early)


def test_an_extension_of_a_chunk_without_an_end_is_cut_off(wire: socket.socket) -> None:
    wire.sendall(HELLO + b"Transfer-Encoding: chunked\r\n\r\n1;name=")

    assert is_cut_off(wire)


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES, 60_000])
@pytest.mark.parametrize("head", [b"GET /%s HTTP/1.1\r\n\r\n", HELLO + b"X-Long: %s\r\n\r\n"])
def test_a_long_head_in_one_piece_is_refused(size: int, head: bytes) -> None:
    with serving(tell_headers, BoundedHttpTools) as port, connected(port) as wire:
        wire.sendall(head % (b"a" * size))

        assert answer(wire, b"never").startswith(b"HTTP/1.1 400")


def test_many_small_headers_are_a_long_head() -> None:
    with serving(tell_headers, BoundedHttpTools) as port, connected(port) as wire:
        wire.sendall(HELLO + b"X: y\r\n" * (MAX_HEAD_BYTES // 6) + b"\r\n")

        assert answer(wire, b"never").startswith(b"HTTP/1.1 400")


def test_a_long_body_in_small_chunks_is_no_long_head(wire: socket.socket) -> None:
    chunks = b"10\r\nbbbbbbbbbbbbbbbb\r\n" * MAX_HEAD_BYTES

    wire.sendall(HELLO + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

    assert answer(wire, b"host=here").startswith(b"HTTP/1.1 200")


def test_answers_do_not_wait_for_one_another() -> None:
    """asyncio turns Nagle's algorithm off for sockets that say by number that they are TCP."""
    with open_listener("127.0.0.1", 0, "serve") as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(
    ("asked_before", "said"),
    [(0, b""), (0, HELLO), (1, HELLO)],
    ids=["nothing", "half a head", "half of a second head"],
)
def test_who_does_not_say_what_they_want_is_left(
    parser: HttpProtocol, asked_before: int, said: bytes
) -> None:
    with serving(tell_headers, impatient(parser)) as port, connected(port) as wire:
        for _ in range(asked_before):
            wire.sendall(HELLO + b"\r\n")
            assert b"200 OK" in answer(wire, b"host=here")
        wire.sendall(said)
        assert wire.recv(65536) == b"", "it is closed"


def test_who_waits_between_two_requests_is_not_left(parser: HttpProtocol) -> None:
    with serving(tell_headers, impatient(parser)) as port, connected(port) as wire:
        for _ in range(2):
            wire.sendall(HELLO + b"\r\n")
            assert b"200 OK" in answer(wire, b"host=here")
            time.sleep(0.5)


def test_trouble_that_comes_a_thousand_times_is_told_once(
    parser: HttpProtocol, caplog: pytest.LogCaptureFixture
) -> None:
    async def have_trouble() -> None:
        server = WebServer(tell_headers, http=parser)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(server.log_loop_error)
        for _ in range(1_000):
            loop.call_exception_handler({"message": "accept", "exception": OSError("too many")})

    asyncio.run(have_trouble())
    assert [record.getMessage() for record in caplog.records] == ["serve: too many"]
