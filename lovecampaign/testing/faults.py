"""What goes wrong on a server of tests, where, for whom and how often?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class Step(StrEnum):
    """Where in the dialogue a trouble strikes, before the server's own answer."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"  #: at the command
    HANDSHAKE = "handshake"  #: after the 220, instead of TLS
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  #: instead of the 354
    BODY = "body"  #: in the middle of the message
    DOT = "dot"  #: after the final dot


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Answer with ``line`` (bytes as they are; a line end is added), and go on."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the connection without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Keep the connection open and never answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip:
    """Answer as usual, but byte by byte."""

    seconds_per_byte: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreThenClose:
    """At the final dot: take the message, and close before saying so."""


Act = Say | Close | Stall | Drip | StoreThenClose


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpFault:
    """One thing that goes wrong."""

    step: Step
    act: Act
    #: Only for this recipient; None: for everybody.
    to: str | None = None
    #: How many times; None: always.
    times: int | None = None


class SmtpFaults:
    """The troubles of a server, shared by its connections; the first that fits strikes."""

    def __init__(self, troubles: Iterable[SmtpFault] = ()) -> None:
        self._lock = Lock()
        self._left: list[tuple[SmtpFault, int | None]] = [(t, t.times) for t in troubles]

    def add(self, trouble: SmtpFault) -> None:
        with self._lock:
            self._left.append((trouble, trouble.times))

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

    def next(self, step: Step, recipient: str | None = None) -> Act | None:
        """What strikes now, if anything; counts it."""
        with self._lock:
            for index, (trouble, times) in enumerate(self._left):
                fits = trouble.step is step and trouble.to in (None, recipient)
                if fits and times != 0:
                    self._left[index] = (trouble, None if times is None else times - 1)
                    return trouble.act
        return None
