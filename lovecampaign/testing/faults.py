"""Faults of the fake SMTP server (step, action, recipient, number of times), and its limits."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from threading import Lock


class Step(StrEnum):
    """The point in the SMTP dialogue, before the server's own reply."""

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
    """Reply with ``line`` (bytes as they are; a line end is added), and go on."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Close the connection without a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """Keep the connection open and never reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip:
    """Reply as usual, but byte by byte."""

    seconds_per_byte: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreThenClose:
    """At the final dot: accept the message, and close before the reply."""


class BehindDot(Enum):
    """What a server does with commands that come behind a final dot."""

    HEED = "heed"  #: as RFC 2920 §3.1 wants it
    CLOSE = "close"  #: takes the message and closes without a reply (Dovecot submission 2.3.19.1)
    REFUSE = "refuse"  #: replies 503 to each (Haraka 3.3.4)
    SWALLOW = "swallow"  #: is silent (Courier 1.0.16)


Act = Say | Close | Stall | Drip | StoreThenClose


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpFault:
    """One fault."""

    step: Step
    act: Act
    #: Only for this recipient; None: for all.
    to: str | None = None
    #: How many times; None: always.
    times: int | None = None


class SmtpFaults:
    """A server's faults, shared by its connections; the first match applies."""

    def __init__(self, faults: Iterable[SmtpFault] = ()) -> None:
        self._lock = Lock()
        self._left: list[tuple[SmtpFault, int | None]] = [(fault, fault.times) for fault in faults]

    def add(self, fault: SmtpFault) -> None:
        with self._lock:
            self._left.append((fault, fault.times))

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

    def next(self, step: Step, recipient: str | None = None) -> Act | None:
        """The action of the matching fault, which counts as used."""
        with self._lock:
            for index, (fault, times) in enumerate(self._left):
                matches = fault.step is step and fault.to in (None, recipient)
                if matches and times != 0:
                    self._left[index] = (fault, None if times is None else times - 1)
                    return fault.act
        return None


class ClientLimits:
    """Counts open connections and recent MAIL commands, as Postfix's anvil does for a client."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._connections = 0
        self._mails: deque[float] = deque()

    def connect(self, most: int | None) -> bool:
        """Count a connection; False if it is one too many. :meth:`disconnect` must follow."""
        with self._lock:
            self._connections += 1
            return most is None or self._connections <= most

    def disconnect(self) -> None:
        with self._lock:
            self._connections -= 1

    def take_mail(self, most: int | None, seconds: float) -> bool:
        """Count a MAIL; False if the last ``seconds`` had ``most`` of them."""
        if most is None:
            return True
        with self._lock:
            now = time.monotonic()
            while self._mails and now - self._mails[0] > seconds:
                self._mails.popleft()
            if len(self._mails) >= most:
                return False
            self._mails.append(now)
            return True
