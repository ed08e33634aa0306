"""How does the SMTP server of tests talk over one connection?"""

from __future__ import annotations

import base64
import binascii
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

from lovecampaign.testing.faults import Drip, Say, SmtpFaults, Stall, Step, StoreThenClose
from lovecampaign.testing.received import Received, ReceivedLog

_DELIVERY = re.compile(rb"^X-Lovecampaign-Delivery:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(r"(?:FROM|TO):\s*<([^>]*)>(.*)", re.IGNORECASE)


class ConnectionEnded(Exception):
    """The connection is over, for whichever reason."""


EXTENSIONS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServerOptions:
    """How a server talks where no trouble is asked for."""

    extensions: tuple[str, ...] = EXTENSIONS
    #: User to password; with any, a login is required.
    users: Mapping[str, str] = field(default_factory=dict)
    #: Offers STARTTLS.
    starttls: ssl.SSLContext | None = None
    #: Speaks TLS from the first byte.
    tls: ssl.SSLContext | None = None
    #: Before the answer to each message.
    latency_seconds: float = 0.0
    #: Closes silently at the next MAIL after this many messages, as Yahoo does.
    messages_per_connection: int | None = None
    #: Says 354 to DATA even where nobody is to get the message (RFC 2920 §3.1).
    takes_data_for_nobody: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServerState:
    """What all connections of a server share."""

    manners: SmtpServerOptions
    register: ReceivedLog
    troubles: SmtpFaults
    closing: Event


class SmtpServerConnection:
    """One connection from its greeting to its end."""

    def __init__(self, sock: socket.socket, house: SmtpServerState) -> None:
        self.sock = sock
        self._house = house
        self._manners = manners = house.manners
        self._unread = bytearray()
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self._is_logged_in = not manners.users
        self._messages = 0
        self._sender: str | None = None
        self._recipient: str | None = None
        #: Every command, its verb in capitals, for tests that look at the dialogue itself.
        self.commands: list[str] = []

    def run(self) -> None:
        """Talk until one side hangs up; raises ConnectionEnded or OSError then."""
        self._answer(Step.CONNECT, "220 test.example ESMTP")
        while True:
            line = self._line().decode("utf-8", "replace")
            verb, space, rest = line.partition(" ")
            self.commands.append(verb.upper() + space + rest)
            known = self._verbs().get(verb.upper())
            if known is None:
                self._say("502 5.5.1 what is that?")
            else:
                known(rest)

    def _verbs(self) -> dict[str, Callable[[str], None]]:
        return {
            "EHLO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: self._say("250 2.0.0 here"),
            "QUIT": self._quit,
        }

    def _ehlo(self, _name: str) -> None:
        offered = ["test.example", *self._manners.extensions]
        if self._manners.starttls is not None and not self._is_tls:
            offered.append("STARTTLS")
        if self._manners.users:
            offered.append("AUTH PLAIN LOGIN")
        lines = [f"250-{word}" for word in offered[:-1]] + [f"250 {offered[-1]}"]
        self._answer(Step.EHLO, "\r\n".join(lines))

    def _starttls(self, _rest: str) -> None:
        context = self._manners.starttls
        if context is None or self._is_tls:
            self._say("502 5.5.1 not here")
            return
        if not self._answer(Step.STARTTLS, "220 2.0.0 go ahead"):
            return
        self._meet_trouble(Step.HANDSHAKE)
        self._unread.clear()
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self._is_tls = True

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            _, user, password = self._decoded(initial).split("\0")
        else:
            user = self._decoded(initial) if initial else self._asked("334 VXNlcm5hbWU6")
            password = self._asked("334 UGFzc3dvcmQ6")
        is_right = self._manners.users.get(user) == password
        answer = "235 2.7.0 welcome" if is_right else "535 5.7.8 wrong user or password"
        self._is_logged_in = self._answer(Step.AUTH, answer) and is_right

    def _asked(self, question: str) -> str:
        self._say(question)
        return self._decoded(self._line().decode("ascii", "replace"))

    @staticmethod
    def _decoded(text: str) -> str:
        try:
            return base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ConnectionEnded("the login is not base64") from error

    def _mail(self, rest: str) -> None:
        found = _PATH.match(rest)
        limit = self._manners.messages_per_connection
        if limit is not None and self._messages >= limit:
            raise ConnectionEnded("enough for one connection")
        if not self._is_logged_in:
            self._say("530 5.7.0 log in first")
        elif found is None or self._sender is not None:
            self._say("503 5.5.1 not now")
        elif self._answer(Step.MAIL, "250 2.1.0 go on"):
            self._sender = found[1]

    def _rcpt(self, rest: str) -> None:
        found = _PATH.match(rest)
        if found is None or self._sender is None:
            self._say("503 5.5.1 not now")
        elif self._answer(Step.RCPT, "250 2.1.5 go on", found[1]):
            self._recipient = found[1]

    def _data(self, _rest: str) -> None:
        if self._recipient is None:
            self._data_for_nobody()
            return
        if not self._answer(Step.DATA, "354 end with a dot", self._recipient):
            return
        self._meet_trouble(Step.BODY)
        content = self._message()
        time.sleep(self._manners.latency_seconds)
        self._take(content)

    def _data_for_nobody(self) -> None:
        if not self._manners.takes_data_for_nobody:
            self._say("503 5.5.1 no recipient")
            return
        self._say("354 end with a dot")
        self.commands.append(self._message().decode("utf-8", "replace") + ".")
        self._rset_envelope()
        self._say("554 5.5.1 no valid recipients")

    def _take(self, content: bytes) -> None:
        found = _DELIVERY.search(content.partition(b"\r\n\r\n")[0] + b"\r\n")
        received = Received(
            delivery_id=found[1].decode("ascii", "replace") if found else "",
            recipient=self._recipient or "",
            sender=self._sender or "",
            content=content,
        )
        act = self._house.troubles.next(Step.DOT, received.recipient)
        self._messages += 1
        self._rset_envelope()
        if act is None or isinstance(act, Drip | StoreThenClose):
            self._house.register.add(received)
        self._perform(act, f"250 2.0.0 queued as T{self._messages}")

    def _rset(self, _rest: str) -> None:
        self._rset_envelope()
        self._say("250 2.0.0 clean")

    def _rset_envelope(self) -> None:
        self._sender = self._recipient = None

    def _quit(self, _rest: str) -> None:
        self._say("221 2.0.0 bye")
        raise ConnectionEnded("QUIT")

    def _meet_trouble(self, step: Step) -> None:
        act = self._house.troubles.next(step, self._recipient)
        if act is not None:
            self._perform(act, "")
            raise ConnectionEnded("after such trouble")

    def _answer(self, step: Step, usual: str, recipient: str | None = None) -> bool:
        """Say the usual, or what trouble makes of it; whether the usual was said."""
        act = self._house.troubles.next(step, recipient or self._recipient)
        self._perform(act, usual)
        return act is None or isinstance(act, Drip)

    def _perform(self, act: object, usual: str) -> None:
        match act:
            case None:
                self._say(usual)
            case Say(line=line):
                self._say(line)
                if line.startswith("421"):
                    raise ConnectionEnded("421")
            case Drip(seconds_per_byte=pause):
                self._drip(usual + "\r\n", pause)
            case Stall():
                self._house.closing.wait()
                raise ConnectionEnded("stalled to the end")
            case _:
                raise ConnectionEnded("trouble")

    def _drip(self, text: str, pause: float) -> None:
        for byte in text.encode():
            self.sock.sendall(bytes([byte]))
            if self._house.closing.wait(pause):
                raise ConnectionEnded("closing")

    def _say(self, text: str) -> None:
        self.sock.sendall(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def _line(self) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            self._receive()
        line = bytes(self._unread[:end]).rstrip(b"\r")
        del self._unread[: end + 1]
        return line

    def _message(self) -> bytes:
        """Everything up to the final dot, without the stuffed ones."""
        start = 0
        while not self._unread.startswith(b".\r\n"):
            end = self._unread.find(b"\r\n.\r\n", start)
            if end >= 0:
                content = bytes(self._unread[: end + 2])
                del self._unread[: end + 5]
                return (b"\r\n" + content).replace(b"\r\n.", b"\r\n")[2:]
            start = max(len(self._unread) - 4, 0)
            self._receive()
        del self._unread[:3]
        return b""

    def _receive(self) -> None:
        received = self.sock.recv(65536)
        if not received:
            raise ConnectionEnded("the client closed")
        self._unread += received
