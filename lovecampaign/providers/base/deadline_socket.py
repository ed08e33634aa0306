"""How long is the other side of a connection waited for? Until a deadline, however it drips.

Python keeps a socket's time limit itself: before each call it asks the operating system whether
the socket is ready, and lets go of the interpreter for that. The operating system keeps the limit
as well, and is asked half as often.
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import time
from collections.abc import Sequence

#: What the operating system would round to nothing means "for ever" to it.
_SHORTEST_SECONDS = 0.01
#: Of what comes at once; room that is not needed costs time.
_MOST_BYTES = 8192
#: The operating system takes 1,024 at once; so many small ones are joined faster than listed.
_MOST_PIECES = 16


class DeadlineSocket:
    """A connected socket whose calls end by a deadline (of :func:`time.monotonic`).

    The limit of a socket itself starts anew at each byte: a server that drips one byte a minute
    is as lost as one that is silent. What takes too long raises TimeoutError, what breaks
    another OSError.
    """

    def __init__(self, sock: socket.socket, *, is_python_patient: bool = False) -> None:
        """``is_python_patient``: Python keeps the limit, for whoever else uses the socket."""
        self._sock = sock
        self.is_tls = isinstance(sock, ssl.SSLSocket)
        # TLS would ask the operating system again for ever.
        self._is_python_patient = is_python_patient or self.is_tls
        self._limit_seconds = 0.0
        #: How much the last :meth:`send` wrote, if it failed too.
        self.sent = 0
        self._broken: OSError | None = None
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        if not self._is_python_patient:
            sock.settimeout(None)

    @property
    def is_silent(self) -> bool:
        """Whether nothing has come, not even an end; asked without a wait."""
        return not self._is_pending and not self._poll.poll(0)

    def fileno(self) -> int:
        return self._sock.fileno()

    def receive_now(self) -> bytes | None:
        """What has come, None where nothing has; empty where the connection is at its end.

        What has broken it is raised by the next :meth:`receive`.
        """
        try:
            return self._receive_now()
        except OSError as error:
            self._broken = error
            return b""

    def receive(self, deadline: float) -> bytes:
        """What has come, waited for; empty where the other side has closed."""
        if self._broken is not None:
            raise self._broken
        if time.monotonic() >= deadline and (received := self._receive_now()) is not None:
            return received  # it came in time; nobody looked
        self._limit(deadline)
        try:
            return self._sock.recv(_MOST_BYTES)
        except (TimeoutError, BlockingIOError) as error:
            raise _too_late() from error

    def send(self, pieces: Sequence[bytes], deadline: float) -> None:
        """Write all of it."""
        self.sent, size = 0, sum(map(len, pieces))
        self.sent = self._send(pieces, deadline)
        if self.sent < size:
            rest = memoryview(b"".join(pieces))
            while self.sent < size:
                self.sent += self._send([rest[self.sent :]], deadline)

    @property
    def _is_pending(self) -> bool:
        """Whether OpenSSL holds something that was received already."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def _receive_now(self) -> bytes | None:
        try:
            if not self._is_python_patient:
                return self._sock.recv(_MOST_BYTES, socket.MSG_DONTWAIT)
            self._limit_seconds = 0.0
            self._sock.settimeout(0.0)
            received = self._sock.recv(_MOST_BYTES)
            while self._is_pending:  # of the same record: no poll would tell of it
                received += self._sock.recv(_MOST_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        return received

    def _send(self, pieces: Sequence[bytes | memoryview], deadline: float) -> int:
        """How much of it went out. TLS takes one piece, the operating system only so many."""
        self._limit(deadline)
        try:
            if self.is_tls or len(pieces) > _MOST_PIECES:
                return self._sock.send(b"".join(pieces))
            return self._sock.sendmsg(pieces)
        except (TimeoutError, BlockingIOError) as error:
            raise _too_late() from error

    def _limit(self, deadline: float) -> None:
        """A limit that is about right stays: to set one is a call of the operating system."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise _too_late()
        if not 0.95 * seconds <= self._limit_seconds <= 1.05 * seconds:
            self._set_limit(max(seconds, _SHORTEST_SECONDS))

    def _set_limit(self, seconds: float) -> None:
        self._limit_seconds = seconds
        if self._is_python_patient:
            self._sock.settimeout(seconds)
            return
        whole, part = divmod(seconds, 1)
        limit = struct.pack("ll", int(whole), int(part * 1_000_000))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def _too_late() -> TimeoutError:
    return TimeoutError("the server did not answer in time")
