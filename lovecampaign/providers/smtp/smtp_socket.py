"""What did the SMTP server say, and did it say it in time?"""

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
    """The connection is of no more use: closed, too slow, or talking nonsense."""


class WriteIncomplete(ConnectionLost):
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


class SmtpSocket:
    """A connected socket: replies are read from it and commands written to it, in time.

    A limit holds for a whole reply and for everything that is written at once: a server that
    drips one byte a minute is as lost as one that is silent.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        # smtplib writes to it too.
        self._patient = DeadlineSocket(sock, is_python_patient=True)
        self._unread = b""
        #: When the reply that somebody waits for comes too late.
        self.deadline = 0.0

    def leave_time_to_the_system(self) -> None:
        """From now on nobody else uses the socket."""
        self._patient = DeadlineSocket(self.sock)

    def awaited(self, timeout_seconds: float) -> Self:
        """The next reply, whose time begins now."""
        self.deadline = time.monotonic() + timeout_seconds
        return self

    @property
    def is_there(self) -> bool:
        """Whether a line of a reply is there, or the end of the connection."""
        if self.holds_a_line:
            return True
        received = self._patient.receive_now()
        if received is None:
            return False
        self._unread += received
        return not received or self.holds_a_line

    @property
    def holds_a_line(self) -> bool:
        """Whether a line, or what is too long for one, was received already."""
        return b"\n" in self._unread or len(self._unread) > _LINE_BYTES

    @property
    def is_out_of_step(self) -> bool:
        """Whether the server says yes to what nobody asked."""
        return self._unread[:1] in (b"2", b"3")

    def fileno(self) -> int:
        return self.sock.fileno()

    def takes(self, is_wanted: Callable[[bytes], bool]) -> bool:
        """Take all replies that are there at once, if they are as wanted."""
        if not is_wanted(self._unread):
            return False
        self._unread = b""
        return True

    def read(self, timeout_seconds: float) -> Reply:
        """The next reply; raises ConnectionLost."""
        line, end, rest = self._unread.partition(b"\n")
        if end and line[3:4] != b"-":  # most replies are one line, and came together with others
            self._unread = rest
            return _reply_of(line)
        return _reply_of(*self._lines(time.monotonic() + timeout_seconds))

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
            received = self._patient.receive(deadline)
        except TimeoutError as error:
            raise ConnectionLost("the server did not answer in time") from error
        except OSError as error:  # ssl.SSLError is one
            raise ConnectionLost(f"the connection broke: {error.strerror or error}") from error
        if not received:
            raise ConnectionLost("the server closed the connection")
        return received

    def write(self, parts: Sequence[bytes], timeout_seconds: float) -> None:
        """Write everything; raises WriteIncomplete, which knows how much went out."""
        deadline, written = time.monotonic() + timeout_seconds, 0
        for together in self._pieces(parts):
            try:
                self._patient.send(together, deadline)
            except OSError as error:
                is_slow = isinstance(error, TimeoutError)
                broke = f"the connection broke: {error.strerror or error}"
                reason = "the server did not read on in time" if is_slow else broke
                raise WriteIncomplete(reason, written=written + self._patient.sent) from error
            written += self._patient.sent

    def _pieces(self, parts: Sequence[bytes]) -> Sequence[Sequence[bytes]]:
        """TLS says all or nothing of a piece. So what goes along with a message shares none with
        it, or nobody would know whether the message's end went out.
        """
        *message, ahead = parts
        return (message, [ahead]) if self._patient.is_tls and message and ahead else (parts,)


@lru_cache(maxsize=256)
def _reply_of(*lines: bytes) -> Reply:
    """Servers say the same few things all day; raises ConnectionLost for what is no reply."""
    parsed = [_LINE.fullmatch(line.rstrip(b"\r")) for line in lines]
    texts = [(found[2] or b"").decode("utf-8", "replace").strip() for found in parsed if found]
    if len(texts) < len(lines):
        raise ConnectionLost(_NOT_SMTP)
    return Reply(code=int(lines[0][:3]), lines=_without_repeated_status(texts))


def _without_repeated_status(lines: list[str]) -> tuple[str, ...]:
    """Gmail and others repeat ``5.1.1`` on each line; once is enough to read."""
    found = _ENHANCED.match(lines[0])
    if found is None:
        return tuple(lines)
    return (lines[0], *(line.removeprefix(found[0]).strip() for line in lines[1:]))
