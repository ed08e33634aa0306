"""What may a connection say before it is cut off, whichever parser is installed?"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from lovecampaign.web.serve.quick_http import MOST_BYTES_OF_A_HEAD, QuickHttp
from lovecampaign.web.serve.server import ReadsHttp, Server, listening

PARSERS: list[ReadsHttp] = [QuickHttp, "h11"]
HELLO = b"GET / HTTP/1.1\r\nHost: here\r\n"


async def tell_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the headers that it was given, once the body is read."""
    while (await receive())["more_body"]:
        pass
    body = b"\n".join(name + b"=" + value for name, value in scope["headers"])
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(params=PARSERS, ids=["httptools", "h11"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with listening("127.0.0.1", 0) as ears:
        server = Server(tell_headers, http=request.param)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [ears]})
        thread.start()
        yield ears.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def wire(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        yield wire


def answer(wire: socket.socket, wanted: bytes) -> bytes:
    """What comes back until ``wanted`` has come, or the end."""
    read = b""
    while wanted not in read and (more := wire.recv(65536)):
        read += more
    return read


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
    pad = b"X-Pad: " + b"a" * (MOST_BYTES_OF_A_HEAD // 3) + b"\r\n\r\n"

    for _ in range(5):
        wire.sendall(HELLO + pad)
        assert answer(wire, b"aa").startswith(b"HTTP/1.1 200")


def test_a_long_body_is_no_long_head(wire: socket.socket) -> None:
    body = b"b" * (5 * MOST_BYTES_OF_A_HEAD)

    wire.sendall(HELLO + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    assert answer(wire, b"host=here").startswith(b"HTTP/1.1 200")


def test_headers_behind_a_body_are_not_believed(wire: socket.socket) -> None:
    """A proxy writes the visitor's address before the body, and may pass on what is behind it."""
    wire.sendall(
        HELLO + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"1\r\nb\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
    )

    said = answer(wire, b"never")
    assert b"host=here" in said
    assert b"203.0.113.9" not in said


def test_answers_do_not_wait_for_one_another() -> None:
    """asyncio turns Nagle's algorithm off for sockets that say by number that they are TCP."""
    with listening("127.0.0.1", 0) as ears:
        assert ears.proto == socket.IPPROTO_TCP
