"""What did the SMTP server say, and did it say it in time?"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from functools import lru_cache

#: RFC 5321 §4.5.3.1.5 allows 512; servers exceed it, none by this much.
_LINE_BYTES = 8192
_REPLY_LINES = 200
_NOT_SMTP = "the server does not speak SMTP"
_LINE = re.compile(rb"([2-5]\d\d)(?:[ -](.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})(?!\S)")


class Lost(Exception):
    """The connection is of no more use: closed, too slow, or talking nonsense."""


class CutShort(Lost):
    """Not everything could be written."""

    def __init__(self, reason: str, *, written: int) -> None:
        super().__init__(reason)
        #: Bytes that went out before; the rest has not left this process.
        self.written = written


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply, its lines joined."""

    code: int
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def enhanced(self) -> tuple[int, int] | None:
        """Subject and detail of the enhanced status code (RFC 3463): (1, 1) for ``5.1.1``."""
        found = _ENHANCED.match(self.text)
        return (int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


class ReplyReader:
    """Reads replies from a socket, each within a time limit of its own.

    The limit holds for the whole reply: a server that drips one byte a minute is as lost as
    one that is silent.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._unread = bytearray()

    def read(self, timeout_seconds: float) -> Reply:
        """The next reply; raises Lost."""
        deadline = time.monotonic() + timeout_seconds
        line = self._line(deadline)
        if line[3:4] != b"-":
            return _reply_of(line)
        lines = [line]
        while line[3:4] == b"-":
            line = self._line(deadline)
            if line[:3] != lines[0][:3] or len(lines) == _REPLY_LINES:
                raise Lost(_NOT_SMTP)
            lines.append(line)
        return _reply_of(*lines)

    def _line(self, deadline: float) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            if len(self._unread) > _LINE_BYTES:
                raise Lost("the server sent a line without end")
            self._unread += self._receive(deadline)
        line = bytes(self._unread[:end]).rstrip(b"\r")
        del self._unread[: end + 1]
        return line

    def _receive(self, deadline: float) -> bytes:
        try:
            _limit(self.sock, deadline - time.monotonic())
            received = self.sock.recv(4096)
        except TimeoutError as error:
            raise Lost("the server did not answer in time") from error
        except OSError as error:  # ssl.SSLError is one
            raise Lost(f"the connection broke: {error.strerror or error}") from error
        if not received:
            raise Lost("the server closed the connection")
        return received


@lru_cache(maxsize=256)
def _reply_of(*lines: bytes) -> Reply:
    """Servers say the same few things all day; raises Lost for what is no reply."""
    parsed = [_LINE.fullmatch(line) for line in lines]
    texts = [(found[2] or b"").decode("utf-8", "replace").strip() for found in parsed if found]
    if len(texts) < len(lines):
        raise Lost(_NOT_SMTP)
    return Reply(code=int(lines[0][:3]), lines=_without_repeated_status(texts))


def _without_repeated_status(lines: list[str]) -> tuple[str, ...]:
    """Gmail and others repeat ``5.1.1`` on each line; once is enough to read."""
    found = _ENHANCED.match(lines[0])
    if found is None:
        return tuple(lines)
    return (lines[0], *(line.removeprefix(found[0]).strip() for line in lines[1:]))


def write_all(sock: socket.socket, content: bytes, timeout_seconds: float) -> None:
    """Write everything within the time limit; raises CutShort, which knows how much went out."""
    deadline = time.monotonic() + timeout_seconds
    view, written = memoryview(content), 0
    try:
        while written < len(view):
            _limit(sock, deadline - time.monotonic())
            written += sock.send(view[written:])
    except TimeoutError as error:
        raise CutShort("the server did not read on in time", written=written) from error
    except OSError as error:
        reason = f"the connection broke: {error.strerror or error}"
        raise CutShort(reason, written=written) from error


def _limit(sock: socket.socket, seconds: float) -> None:
    """Wait no longer than that from now on; raises TimeoutError where it is over already.

    A limit that is about right stays: to set one is a call of the operating system.
    """
    if seconds <= 0:
        raise TimeoutError
    current = sock.gettimeout()
    if current is None or not 0.95 * seconds <= current <= 1.05 * seconds:
        sock.settimeout(seconds)
