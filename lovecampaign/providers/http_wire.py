"""How does one HTTP request go over an open connection, and how far did it get?

HTTP/1.1 (RFC 9112) as far as an API needs it, on the socket itself: a client library would hide
whether a failure struck before or after the body was out, and that is the difference between
trying again and not knowing. It also takes ten times as long.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

#: Far more than any answer's head, or than what matters of its body.
_HEAD_BYTES = 64 * 1024
_BODY_BYTES = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: .*)?")
_WITHOUT_BODY = (204, 304)


class LostBefore(Exception):
    """The connection broke while the request was being written: nothing whole arrived."""


class LostAfter(Exception):
    """The request was written, and no answer came: nobody knows what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """Status, headers (names in lower case) and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    #: Whether the connection can carry another request.
    is_kept: bool = False


def exchange(sock: socket.socket, request: bytes, seconds: float) -> HttpReply:
    """Write a request and read its answer, each within the time; raises LostBefore, LostAfter."""
    try:
        _write(sock, request, time.monotonic() + seconds)
    except OSError as broken:
        # 413 comes early: an answer may be waiting although the rest could not be written.
        reply = _answer_that_is_there(sock)
        if reply is None:
            raise LostBefore(_reason(broken)) from broken
        return reply
    try:
        return _Answer(sock, time.monotonic() + seconds).read()
    except (OSError, ValueError) as error:
        raise LostAfter(_reason(error)) from error


def _write(sock: socket.socket, request: bytes, deadline: float) -> None:
    view, written = memoryview(request), 0
    while written < len(view):
        _wait_until(sock, deadline)
        written += sock.send(view[written:])


def _answer_that_is_there(sock: socket.socket) -> HttpReply | None:
    try:
        reply = _Answer(sock, time.monotonic() + 1.0).read()
    except (OSError, ValueError):
        return None
    return HttpReply(status=reply.status, headers=reply.headers, body=reply.body)


class _Answer:
    """Reads one answer; raises OSError and ValueError for what is none, or comes too late."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._unread = bytearray()

    def read(self) -> HttpReply:
        minor, status, headers = self._head()
        while 100 <= status < 200:  # not yet the answer (RFC 9110 §15.2)
            minor, status, headers = self._head()
        body, is_whole = self._body(status, headers)
        asks_to_close = "close" in headers.get("connection", "").lower()
        is_kept = is_whole and minor == 1 and not asks_to_close
        return HttpReply(status=status, headers=headers, body=body, is_kept=is_kept)

    def _head(self) -> tuple[int, int, dict[str, str]]:
        while (end := self._unread.find(b"\r\n\r\n")) < 0:
            if len(self._unread) > _HEAD_BYTES:
                raise ValueError("the answer's head has no end")
            self._receive()
        first, *lines = bytes(self._unread[:end]).split(b"\r\n")
        del self._unread[: end + 4]
        found = _STATUS.fullmatch(first)
        if found is None:
            raise ValueError("the answer is not HTTP")
        return int(found[1]), int(found[2]), dict(_header(line) for line in lines)

    def _body(self, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        """The body, and whether that was all: the status has said enough if it was not."""
        try:
            if status in _WITHOUT_BODY:
                return b"", True
            if "chunked" in headers.get("transfer-encoding", "").lower():
                return self._chunks(), True
            return self._exactly(int(headers["content-length"])), True
        except (OSError, ValueError, KeyError):
            return bytes(self._unread), False

    def _chunks(self) -> bytes:
        content = bytearray()
        while size := int(self._line().partition(b";")[0], 16):
            content += self._exactly(size)
            self._line()
            if len(content) > _BODY_BYTES:
                raise ValueError("the answer is too long")
        while self._line():  # trailers, and the empty line behind them
            pass
        return bytes(content)

    def _line(self) -> bytes:
        while (end := self._unread.find(b"\r\n")) < 0:
            self._receive()
        line = bytes(self._unread[:end])
        del self._unread[: end + 2]
        return line

    def _exactly(self, count: int) -> bytes:
        if not 0 <= count <= _BODY_BYTES:
            raise ValueError("the answer is too long")
        while len(self._unread) < count:
            self._receive()
        content = bytes(self._unread[:count])
        del self._unread[:count]
        return content

    def _receive(self) -> None:
        _wait_until(self._sock, self._deadline)
        received = self._sock.recv(65536)
        if not received:
            raise ConnectionResetError("the server closed the connection")
        self._unread += received


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()


def _wait_until(sock: socket.socket, deadline: float) -> None:
    """The time holds for everything together: a socket's own limit starts anew at each byte."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("the server did not answer in time")
    sock.settimeout(remaining)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
