"""What did the SMTP server say, and did it say it in time?"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass

#: RFC 5321 §4.5.3.1.5 allows 512; servers exceed it, none by this much.
_LINE_BYTES = 8192
_REPLY_LINES = 200
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})(?!\S)")


class Lost(Exception):
    """The connection is of no more use: closed, too slow, or talking nonsense."""


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
        lines: list[str] = []
        code = b""
        while True:
            found = _LINE.fullmatch(self._line(deadline))
            if found is None or (code and found[1] != code) or len(lines) == _REPLY_LINES:
                raise Lost("the server does not speak SMTP")
            code = found[1]
            lines.append((found[3] or b"").decode("utf-8", "replace").strip())
            if found[2] != b"-":
                return Reply(code=int(code), lines=_without_repeated_status(lines))

    def _line(self, deadline: float) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            if len(self._unread) > _LINE_BYTES:
                raise Lost("the server sent a line without end")
            self._unread += self._receive(deadline)
        line = bytes(self._unread[:end]).rstrip(b"\r")
        del self._unread[: end + 1]
        return line

    def _receive(self, deadline: float) -> bytes:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise Lost("the server did not answer in time")
        try:
            self.sock.settimeout(remaining)
            received = self.sock.recv(4096)
        except TimeoutError as error:
            raise Lost("the server did not answer in time") from error
        except OSError as error:  # ssl.SSLError is one
            raise Lost(f"the connection broke: {error.strerror or error}") from error
        if not received:
            raise Lost("the server closed the connection")
        return received


def _without_repeated_status(lines: list[str]) -> tuple[str, ...]:
    """Gmail and others repeat ``5.1.1`` on each line; once is enough to read."""
    found = _ENHANCED.match(lines[0])
    if found is None:
        return tuple(lines)
    return (lines[0], *(line.removeprefix(found[0]).strip() for line in lines[1:]))
