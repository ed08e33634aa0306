"""An HTTP/1.1 client (RFC 9112) on an open socket, as far as an API needs it.

A client library would hide whether a failure came before or after the body was written, which
decides between a retry and doubt. It also takes ten times as long.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from lovecampaign.providers.base.deadline_socket import DeadlineSocket

#: Limits, far above any real response.
_HEAD_BYTES = 64 * 1024
_BODY_BYTES = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: .*)?")
_END_OF_HEAD = b"\r\n\r\n"
_WITHOUT_BODY = (204, 304)


class RequestIncomplete(Exception):
    """The connection broke while the request was being written: the server cannot act on it."""


class ResponseMissing(Exception):
    """The request was written and no response came: its effect is unknown."""


class HttpResponse(NamedTuple):
    """Status, headers (names in lower case) and the start of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    #: Whether the connection can deliver another request.
    is_kept: bool = False


class HttpSocket:
    """A connected socket for one request after another."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = DeadlineSocket(sock)

    @property
    def is_open(self) -> bool:
        """Whether the server is silent: before a request, any data means that it closes."""
        return self._sock.is_silent

    def write(self, request: Sequence[bytes], seconds: float) -> HttpResponse | None:
        """Write a request in time; raises RequestIncomplete.

        Returns a response that came before everything was written: it is the only one.
        """
        try:
            self._sock.send(request, time.monotonic() + seconds)
        except OSError as broken:
            # 413 comes early: there may be a response although the rest could not be written.
            reply = self._early_response()
            if reply is None:
                raise RequestIncomplete(_reason(broken)) from broken
            return reply
        return None

    def answer(self, seconds: float) -> PendingResponse:
        """The response to the request, pending from now on."""
        return PendingResponse(self._sock, time.monotonic() + seconds)

    def _early_response(self) -> HttpResponse | None:
        try:
            reply = self.answer(1.0).read()
        except ResponseMissing:
            return None
        return reply._replace(is_kept=False)


class _Head(NamedTuple):
    """Status line and headers."""

    minor_version: int
    status: int
    headers: Mapping[str, str]

    @property
    def asks_to_close(self) -> bool:
        is_old = self.minor_version == 0
        return is_old or "close" in self.headers.get("connection", "").lower()


class PendingResponse:
    """A response that has to come by its deadline."""

    def __init__(self, sock: DeadlineSocket, deadline: float) -> None:
        self.deadline = deadline
        self._sock = sock
        self._unread = bytearray()

    def fileno(self) -> int:
        return self._sock.fileno()

    @property
    def is_ready(self) -> bool:
        """Whether its head, or EOF, was received; checked without waiting."""
        received = self._sock.receive_now()
        if received is None:
            return False
        self._unread += received
        return not received or _END_OF_HEAD in self._unread or len(self._unread) > _HEAD_BYTES

    def read(self) -> HttpResponse:
        """Wait for the response; raises ResponseMissing where it is invalid or late."""
        try:
            return self._read()
        except (OSError, ValueError) as error:
            raise ResponseMissing(_reason(error)) from error

    def _read(self) -> HttpResponse:
        head = self._head()
        while 100 <= head.status < 200:  # interim response (RFC 9110 §15.2)
            head = self._head()
        body, is_whole = self._body(head.status, head.headers)
        # Data behind a response would be taken for the next one.
        is_kept = is_whole and not self._unread and not head.asks_to_close
        return HttpResponse(head.status, head.headers, body, is_kept)

    def _head(self) -> _Head:
        while (end := self._unread.find(_END_OF_HEAD)) < 0:
            if len(self._unread) > _HEAD_BYTES:
                raise ValueError("the answer's head has no end")
            self._receive()
        first, *lines = bytes(self._unread[:end]).split(b"\r\n")
        del self._unread[: end + 4]
        return _Head(*_status(first), dict(map(_header, lines)))

    def _body(self, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
        """The body, and whether it is complete: if not, the status is enough."""
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
        while self._line():  # trailers, and the empty line after them
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
        received = self._sock.receive(self.deadline)
        if not received:
            raise ConnectionResetError("the server closed the connection")
        self._unread += received


@lru_cache(maxsize=64)
def _status(line: bytes) -> tuple[int, int]:
    match = _STATUS.fullmatch(line)
    if match is None:
        raise ValueError("the answer is not HTTP")
    return int(match[1]), int(match[2])


@lru_cache(maxsize=64)
def _header(line: bytes) -> tuple[str, str]:
    """Cached: nearly all header lines are repeated in each response."""
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
