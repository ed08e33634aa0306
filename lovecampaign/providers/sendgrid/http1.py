"""HTTP/1.1 requests on an open socket; responses are parsed by the standard library.

A client library would hide whether a failure came before or after the body was written, which
decides between a retry and doubt. So requests are written here, and each failure has its phase.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, NamedTuple

from lovecampaign.providers.base.deadline_socket import DeadlineSocket

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Limits, far above any real response.
_HEAD_BYTES = 64 * 1024
_BODY_BYTES = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"


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


class PendingResponse:
    """A response that has to come by its deadline."""

    def __init__(self, sock: DeadlineSocket, deadline: float) -> None:
        self.deadline = deadline
        self._sock = sock
        self._unread = bytearray()

    def fileno(self) -> int:
        return self._sock.fileno()

    @property
    def is_buffered(self) -> bool:
        return self._sock.is_pending

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
        except (OSError, ValueError, HTTPException) as error:
            raise ResponseMissing(_reason(error)) from error

    def _read(self) -> HttpResponse:
        source = _ResponseSource(self._sock, self.deadline, bytes(self._unread))
        response = source.next_response()
        while response.status < 200:  # interim response (RFC 9110 §15.2)
            response = source.next_response()
        body, is_whole = _read_body(response)
        headers = {name.lower(): value for name, value in response.getheaders()}
        # Data behind a response would be taken for the next one.
        is_kept = is_whole and not response.will_close and not source.has_more
        return HttpResponse(response.status, headers, body, is_kept)


def _read_body(response: HTTPResponse) -> tuple[bytes, bool]:
    """The body, and whether it is complete: if not, the status is enough."""
    try:
        body = response.read(_BODY_BYTES)
        is_whole = response.isclosed() or response.read(1) == b""
    except (OSError, ValueError, HTTPException):
        return b"", False
    return body, is_whole


class _ResponseSource(io.RawIOBase):
    """Bytes of one connection by a deadline, for the standard library's HTTP parser.

    :class:`http.client.HTTPResponse` asks its "socket" for a file, and closes the file when it has
    read the body; what the file has buffered behind it decides whether the connection is kept.
    """

    def __init__(self, sock: DeadlineSocket, deadline: float, received: bytes) -> None:
        self._sock = sock
        self._deadline = deadline
        self._received = received
        self._is_finished = False
        self._file = _OpenReader(self)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return self._file

    def next_response(self) -> HTTPResponse:
        """Status and headers; raises ValueError, HTTPException or OSError."""
        response = HTTPResponse(self)  # type: ignore[arg-type]  # it calls makefile and no more
        response.begin()
        if response.status >= 600:
            raise ValueError("the answer is not HTTP")
        return response

    @property
    def has_more(self) -> bool:
        """Whether bytes were received that no response has read. Nothing is read after it."""
        self._is_finished = True
        return bool(self._received or self._file.peek(1))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        if not self._received and not self._is_finished:
            self._received = self._sock.receive(self._deadline)
        count = min(len(view), len(self._received))
        view[:count] = self._received[:count]
        self._received = self._received[count:]
        return count


class _OpenReader(io.BufferedReader):
    """Stays open when a response is complete: another one may follow an interim response."""

    def close(self) -> None:
        pass


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
