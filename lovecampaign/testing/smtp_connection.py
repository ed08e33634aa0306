"""One connection of the fake SMTP server."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

from lovecampaign.testing.faults import (
    BehindDot,
    ClientLimits,
    Drip,
    Say,
    SmtpFaults,
    Stall,
    Step,
    StoreThenClose,
)
from lovecampaign.testing.received import Received, ReceivedLog
from lovecampaign.testing.smtp_login import check_login
from lovecampaign.testing.smtp_wire import ConnectionEnded, SmtpServerWire

_DELIVERY = re.compile(rb"^X-Lovecampaign-Delivery:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_PATH = re.compile(r"(?:FROM|TO):\s*<([^>]*)>(.*)", re.IGNORECASE)


EXTENSIONS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServerOptions:
    """The server's behaviour without faults."""

    extensions: tuple[str, ...] = EXTENSIONS
    #: User to password; with any, a login is required.
    users: Mapping[str, str] = field(default_factory=dict)
    #: Offered for the login; PLAIN, LOGIN and CRAM-MD5 work.
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN")
    #: Offers STARTTLS.
    starttls: ssl.SSLContext | None = None
    #: Speaks TLS from the first byte.
    tls: ssl.SSLContext | None = None
    #: Before the answer to each message.
    latency_seconds: float = 0.0
    #: Closes silently at the next MAIL after this many messages, as Yahoo does.
    messages_per_connection: int | None = None
    #: Replies 452 to the next MAIL after this many, as OpenSMTPD does (``max-mails``).
    mails_per_connection: int | None = None
    #: More MAIL commands in this many seconds are refused with 450, as by Postfix.
    mails_per_window: int | None = None
    window_seconds: float = 60.0
    #: A further connection is refused with 421.
    connections_at_once: int | None = None
    #: Keeps the transaction of a refused message open, as Postfix's end-of-data restrictions do.
    keeps_refused_transaction: bool = False
    #: Names the software; commands are sent ahead to servers that are known to cope.
    greeting: str = "test.example ESMTP"
    behind_dot: BehindDot = BehindDot.HEED
    #: Replies 354 to DATA even without an accepted recipient (RFC 2920 §3.1).
    accepts_data_without_recipient: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServerState:
    """Shared by the connections of a server."""

    options: SmtpServerOptions
    received: ReceivedLog
    faults: SmtpFaults
    closing: Event
    limits: ClientLimits = field(default_factory=ClientLimits)


class SmtpServerConnection(SmtpServerWire):
    """The SMTP dialogue, from the greeting to the end."""

    def __init__(self, sock: socket.socket, server: SmtpServerState) -> None:
        super().__init__(sock)
        self._server = server
        self._options = server.options
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self._is_logged_in = not self._options.users
        self._messages = self._mails = 0
        self._sender: str | None = None
        self._recipient: str | None = None
        #: Every command, its verb in upper case.
        self.commands: list[str] = []

    def run(self) -> None:
        """Runs until one side closes; raises ConnectionEnded or OSError then."""
        try:
            self._converse()
        finally:
            self._server.limits.disconnect()

    def _converse(self) -> None:
        if not self._server.limits.connect(self._options.connections_at_once):
            self._say("421 4.7.0 Error: too many connections from 127.0.0.1")
            return
        self._answer(Step.CONNECT, f"220 {self._options.greeting}")
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
        offered = ["test.example", *self._options.extensions]
        if self._options.starttls is not None and not self._is_tls:
            offered.append("STARTTLS")
        if self._options.users:
            offered.append(f"AUTH {' '.join(self._options.mechanisms)}")
        lines = [f"250-{word}" for word in offered[:-1]] + [f"250 {offered[-1]}"]
        self._answer(Step.EHLO, "\r\n".join(lines))

    def _starttls(self, _rest: str) -> None:
        context = self._options.starttls
        if context is None or self._is_tls:
            self._say("502 5.5.1 not here")
            return
        if not self._answer(Step.STARTTLS, "220 2.0.0 go ahead"):
            return
        self._inject_fault(Step.HANDSHAKE)
        self._unread.clear()
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self._is_tls = True

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() not in self._options.mechanisms:
            self._say("504 5.5.4 not offered")
            return
        try:
            is_right = check_login(mechanism.upper(), initial, self._options.users, self._ask)
        except ValueError as error:
            raise ConnectionEnded("the login is malformed") from error
        answer = "235 2.7.0 welcome" if is_right else "535 5.7.8 wrong user or password"
        self._is_logged_in = self._answer(Step.AUTH, answer) and is_right

    def _ask(self, challenge: str) -> str:
        self._say(f"334 {challenge}")
        return self._line().decode("ascii", "replace")

    def _mail(self, rest: str) -> None:
        path = _PATH.match(rest)
        limit = self._options.messages_per_connection
        if limit is not None and self._messages >= limit:
            raise ConnectionEnded("enough for one connection")
        if not self._is_logged_in:
            self._say("530 5.7.0 log in first")
        elif path is None or self._sender is not None:
            self._say("503 5.5.1 not now")
        elif self._mails == self._options.mails_per_connection:
            self._say("452 4.5.3 too many messages over this connection")
        elif not self._server.limits.take_mail(
            self._options.mails_per_window, self._options.window_seconds
        ):
            self._say("450 4.7.1 Error: too much mail from 127.0.0.1")
        elif self._answer(Step.MAIL, "250 2.1.0 go on"):
            self._sender = path[1]
            self._mails += 1

    def _rcpt(self, rest: str) -> None:
        path = _PATH.match(rest)
        if path is None or self._sender is None:
            self._say("503 5.5.1 not now")
        elif self._answer(Step.RCPT, "250 2.1.5 go on", path[1]):
            self._recipient = path[1]

    def _data(self, _rest: str) -> None:
        if self._recipient is None:
            self._data_without_recipient()
            return
        if not self._answer(Step.DATA, "354 end with a dot", self._recipient):
            return
        self._inject_fault(Step.BODY)
        content = self._message()
        behind, behaviour = self._unread.count(b"\n"), self._options.behind_dot
        if behaviour is not BehindDot.HEED:
            self._unread.clear()
        time.sleep(self._options.latency_seconds)
        self._accept(content, is_answered=not (behind and behaviour is BehindDot.CLOSE))
        for _ in range(behind if behaviour is BehindDot.REFUSE else 0):
            self._say("503 Bad sequence of commands - pipelined after end of DATA")

    def _data_without_recipient(self) -> None:
        if not self._options.accepts_data_without_recipient:
            self._say("503 5.5.1 no recipient")
            return
        self._say("354 end with a dot")
        self.commands.append(self._message().decode("utf-8", "replace") + ".")
        self._rset_envelope()
        self._say("554 5.5.1 no valid recipients")

    def _accept(self, content: bytes, *, is_answered: bool) -> None:
        header = _DELIVERY.search(content.partition(b"\r\n\r\n")[0] + b"\r\n")
        received = Received(
            delivery_id=header[1].decode("ascii", "replace") if header else "",
            recipient=self._recipient or "",
            sender=self._sender or "",
            content=content,
        )
        act = self._server.faults.next(Step.DOT, received.recipient)
        self._messages += 1
        if not (self._options.keeps_refused_transaction and isinstance(act, Say)):
            self._rset_envelope()
        if act is None or isinstance(act, Drip | StoreThenClose):
            self._server.received.add(received)
        if not is_answered:
            raise ConnectionEnded("commands behind the final dot")
        self._perform(act, f"250 2.0.0 queued as T{self._messages}")

    def _rset(self, _rest: str) -> None:
        self._rset_envelope()
        self._say("250 2.0.0 clean")

    def _rset_envelope(self) -> None:
        self._sender = self._recipient = None

    def _quit(self, _rest: str) -> None:
        self._say("221 2.0.0 bye")
        raise ConnectionEnded("QUIT")

    def _inject_fault(self, step: Step) -> None:
        act = self._server.faults.next(step, self._recipient)
        if act is not None:
            self._perform(act, "")
            raise ConnectionEnded("after a fault")

    def _answer(self, step: Step, usual: str, recipient: str | None = None) -> bool:
        """Send the usual reply, or inject a fault; whether the usual reply was sent."""
        act = self._server.faults.next(step, recipient or self._recipient)
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
                self._server.closing.wait()
                raise ConnectionEnded("stalled to the end")
            case _:
                raise ConnectionEnded("fault")

    def _drip(self, text: str, pause: float) -> None:
        for byte in text.encode():
            self.sock.sendall(bytes([byte]))
            if self._server.closing.wait(pause):
                raise ConnectionEnded("closing")
