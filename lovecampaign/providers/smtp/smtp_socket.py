"""Reads SMTP replies and writes commands, both within a deadline."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from lovecampaign.providers.base.deadline_socket import DeadlineSocket

#: RFC 5321 §4.5.3.1.5 allows 512; servers exceed it, none by this much.
_LINE_BYTES = 8192
_REPLY_LINES = 200
_NOT_SMTP = "the server does not speak SMTP"
_LINE = re.compile(rb"([2-5]\d\d)(?:[ -](.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})(?!\S)")


class ConnectionLost(Exception):
    """The connection cannot be used any more: closed, too slow, or not SMTP."""


class WriteIncomplete(ConnectionLost):
    """Not all bytes could be written."""

    def __init__(self, reason: str, *, written: int) -> None:
        super().__init__(reason)
        #: Bytes written; the rest has not left this process.
        self.written = written


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply, with all its lines."""

    code: int
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def enhanced(self) -> tuple[int, int] | None:
        """Subject and detail of the enhanced status code (RFC 3463): (1, 1) for ``5.1.1``."""
        match = _ENHANCED.match(self.text)
        return (int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


class SmtpSocket:
    """A connected socket with deadlines.

    A deadline holds for a whole reply and for a whole write: a server that sends one byte a minute
    is as lost as a silent one.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._socket = DeadlineSocket(sock, uses_python_timeout=True)  # smtplib uses it, too
        self._unread = b""
        #: Of the pending reply.
        self.deadline = 0.0

    def use_system_timeout(self) -> None:
        """From now on smtplib does not use the socket: the system's timeout is faster."""
        self._socket = DeadlineSocket(self.sock)

    def await_reply(self, timeout_seconds: float) -> Self:
        """The next reply, pending from now on."""
        self.deadline = time.monotonic() + timeout_seconds
        return self

    @property
    def is_ready(self) -> bool:
        """Whether a line of a reply, or EOF, was received."""
        if self._unread and self.has_line:
            return True
        received = self._socket.receive_now()
        if received is None:
            return False
        self._unread += received
        return not received or self.has_line

    @property
    def is_buffered(self) -> bool:
        return bool(self._unread and self.has_line) or self._socket.is_pending

    @property
    def has_line(self) -> bool:
        """Whether a line, or more than a line may have, was received already."""
        return b"\n" in self._unread or len(self._unread) > _LINE_BYTES

    @property
    def has_unexpected_reply(self) -> bool:
        """Whether there is a positive reply to no command."""
        return self._unread[:1] in (b"2", b"3")

    def fileno(self) -> int:
        return self.sock.fileno()

    def take_if(self, is_wanted: Callable[[bytes], bool]) -> bool:
        """Consume all that was received, if it is as wanted."""
        if not is_wanted(self._unread):
            return False
        self._unread = b""
        return True

    def read(self, timeout_seconds: float) -> Reply:
        """The next reply; raises ConnectionLost."""
        line, end, rest = self._unread.partition(b"\n")
        if end and line[3:4] != b"-":  # most replies are one line, received with others
            self._unread = rest
            return _parse_reply(line)
        return _parse_reply(*self._lines(time.monotonic() + timeout_seconds))

    def _lines(self, deadline: float) -> list[bytes]:
        lines = [self._line(deadline)]
        while lines[-1][3:4] == b"-":
            lines.append(self._line(deadline))
            if lines[-1][:3] != lines[0][:3] or len(lines) > _REPLY_LINES:
                raise ConnectionLost(_NOT_SMTP)
        return lines

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > _LINE_BYTES:
                raise ConnectionLost("the server sent a line without end")
            self._unread += self._receive(deadline)
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _receive(self, deadline: float) -> bytes:
        try:
            received = self._socket.receive(deadline)
        except TimeoutError as error:
            raise ConnectionLost("the server did not answer in time") from error
        except OSError as error:  # ssl.SSLError is one
            raise ConnectionLost(f"the connection broke: {error.strerror or error}") from error
        if not received:
            raise ConnectionLost("the server closed the connection")
        return received

    def write(self, parts: Sequence[bytes], timeout_seconds: float) -> None:
        """Write everything; raises WriteIncomplete with the number of bytes written."""
        deadline, written = time.monotonic() + timeout_seconds, 0
        for together in self._pieces(parts):
            try:
                self._socket.send(together, deadline)
            except OSError as error:
                is_slow = isinstance(error, TimeoutError)
                broke = f"the connection broke: {error.strerror or error}"
                reason = "the server did not read on in time" if is_slow else broke
                raise WriteIncomplete(reason, written=written + self._socket.sent) from error
            written += self._socket.sent

    def _pieces(self, parts: Sequence[bytes]) -> Sequence[Sequence[bytes]]:
        """Separate the message from what follows it: OpenSSL writes all of a piece or nothing, and
        it must be known whether the end of the message was written.
        """
        *message, ahead = parts
        return (message, [ahead]) if self._socket.is_tls and message and ahead else (parts,)


@lru_cache(maxsize=256)
def _parse_reply(*lines: bytes) -> Reply:
    """Cached, as servers repeat the same few replies; raises ConnectionLost for other text."""
    parsed = [_LINE.fullmatch(line.rstrip(b"\r")) for line in lines]
    texts = [(match[2] or b"").decode("utf-8", "replace").strip() for match in parsed if match]
    if len(texts) < len(lines):
        raise ConnectionLost(_NOT_SMTP)
    return Reply(code=int(lines[0][:3]), lines=_without_repeated_status(texts))


def _without_repeated_status(lines: list[str]) -> tuple[str, ...]:
    """Remove the status that Gmail and others repeat on each line: ``5.1.1``."""
    match = _ENHANCED.match(lines[0])
    if match is None:
        return tuple(lines)
    return (lines[0], *(line.removeprefix(match[0]).strip() for line in lines[1:]))
