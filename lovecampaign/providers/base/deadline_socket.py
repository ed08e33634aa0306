"""A socket with a deadline for a whole reply or write, however slowly the bytes drip.

Python implements a socket's timeout itself: before each call it polls the socket, and releases the
interpreter's lock for that. Here the operating system keeps the timeout, with half the calls.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import time
from collections.abc import Sequence
from typing import cast

#: The operating system takes a timeout that it rounds to 0 for none.
_SHORTEST_SECONDS = 0.01
#: For one read; a larger buffer takes longer to allocate.
_MOST_BYTES = 8192
#: The limit of sendmsg is 1,024 pieces, but above this number to join them is faster.
_MOST_PIECES = 16


class DeadlineSocket:
    """A connected socket; each call ends by a deadline (of :func:`time.monotonic`).

    The timeout of a plain socket starts anew at each byte, so that a server may drip for ever.
    What takes too long raises TimeoutError, what breaks another OSError.
    """

    def __init__(self, sock: socket.socket, *, uses_python_timeout: bool = False) -> None:
        """``uses_python_timeout``: set where other code uses the socket, too."""
        self._sock = sock
        self.is_tls = isinstance(sock, ssl.SSLSocket)
        # OpenSSL repeats a call that the operating system timed out.
        self._uses_python_timeout = uses_python_timeout or self.is_tls
        self._limit_seconds = 0.0
        #: Bytes that the last :meth:`send` wrote, also where it failed.
        self.sent = 0
        self._broken: OSError | None = None
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        if not self._uses_python_timeout:
            sock.settimeout(None)

    @property
    def is_silent(self) -> bool:
        """Whether nothing was received, not even EOF; checked without waiting."""
        return not self.is_pending and not self._poll.poll(0)

    @property
    def is_pending(self) -> bool:
        """Whether OpenSSL holds decrypted data, which poll() does not see."""
        return self.is_tls and cast(ssl.SSLSocket, self._sock).pending() > 0

    def fileno(self) -> int:
        return self._sock.fileno()

    def receive_now(self) -> bytes | None:
        """What was received; None for nothing, empty at EOF.

        An error is raised by the next :meth:`receive`.
        """
        try:
            return self._receive_now()
        except OSError as error:
            self._broken = error
            return b""

    def receive(self, deadline: float) -> bytes:
        """Wait for data; empty at EOF."""
        if self._broken is not None:
            raise self._broken
        if time.monotonic() >= deadline and (received := self._receive_now()) is not None:
            return received  # it came in time
        self._limit(deadline)
        try:
            return self._sock.recv(_MOST_BYTES)
        except (TimeoutError, BlockingIOError) as error:
            raise _timeout_error() from error

    def send(self, pieces: Sequence[bytes], deadline: float) -> None:
        """Write all of it."""
        self.sent, size = 0, sum(map(len, pieces))
        self.sent = self._send(pieces, deadline)
        if self.sent < size:
            rest = memoryview(b"".join(pieces))
            while self.sent < size:
                self.sent += self._send([rest[self.sent :]], deadline)

    def _receive_now(self) -> bytes | None:
        try:
            if not self._uses_python_timeout:
                return self._sock.recv(_MOST_BYTES, socket.MSG_DONTWAIT)
            self._limit_seconds = 0.0
            self._sock.settimeout(0.0)
            received = self._sock.recv(_MOST_BYTES)
            while self.is_pending:  # the rest of a TLS record, which poll() does not see
                received += self._sock.recv(_MOST_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        return received

    def _send(self, pieces: Sequence[bytes | memoryview], deadline: float) -> int:
        """The number of bytes written. TLS takes one piece, the system a limited number."""
        self._limit(deadline)
        try:
            if self.is_tls or len(pieces) > _MOST_PIECES:
                return self._sock.send(b"".join(pieces))
            return self._sock.sendmsg(pieces)
        except (TimeoutError, BlockingIOError) as error:
            raise _timeout_error() from error

    def _limit(self, deadline: float) -> None:
        """A timeout that is about right stays: to set one is a system call."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise _timeout_error()
        if not 0.95 * seconds <= self._limit_seconds <= 1.05 * seconds:
            self._set_limit(max(seconds, _SHORTEST_SECONDS))

    def _set_limit(self, seconds: float) -> None:
        self._limit_seconds = seconds
        if self._uses_python_timeout:
            self._sock.settimeout(seconds)
            return
        whole, part = divmod(seconds, 1)
        limit = struct.pack("ll", int(whole), int(part * 1_000_000))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def _timeout_error() -> TimeoutError:
    return TimeoutError("the server did not answer in time")
