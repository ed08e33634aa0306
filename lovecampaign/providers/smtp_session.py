"""How does one message go through an SMTP connection, and how far did it get?

The dialogue is plain: one command, one reply. What matters after a failure is the phase it
struck in: before the final dot the server has nothing and the message may be tried again; after
it only the reply tells, and without a reply nobody knows.
"""

from __future__ import annotations

import contextlib
import re
import time

from lovecampaign.message import Fault, Message
from lovecampaign.providers.addresses import UnusableAddress, on_the_wire
from lovecampaign.providers.base import Flight
from lovecampaign.providers.smtp_connection import Dialogue, TimeLimits
from lovecampaign.providers.smtp_replies import Phase, judge
from lovecampaign.providers.smtp_wire import Lost, Reply
from lovecampaign.providers.verdict import (
    Verdict,
    accepted,
    permanent,
    stop_the_run,
    transient,
    unknown,
)

#: Leaving politely is not worth more than this.
_QUIT_SECONDS = 2.0
_LINE_END = re.compile(rb"\r\n|\r|\n")
_QUEUED_AS = re.compile(r"queued as ([\w.-]+)", re.IGNORECASE)
#: The code that lets the dialogue go on.
_HOPED_FOR = {Phase.MAIL: 2, Phase.RCPT: 2, Phase.DATA: 3}


class FoundClosed(Exception):
    """A connection that had rested is gone; nothing of the message was written."""


class Refused(Exception):
    """The dialogue about one message ended early."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class SmtpSession:
    """One logged-in connection; carries one message after the other."""

    def __init__(self, smtp: Dialogue, limits: TimeLimits) -> None:
        self._smtp = smtp
        self._limits = limits
        self._last_used = time.monotonic()
        self._is_fresh = True
        #: How many messages went through it, taken or refused.
        self.messages = 0

    @property
    def is_open(self) -> bool:
        return self._smtp.sock is not None

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self._last_used

    def transact(self, message: Message, flight: Flight) -> Verdict:
        """Send one message and read what became of it.

        Raises FoundClosed where the server had hung up since the last message: Yahoo and
        others close silently after some number of messages.
        """
        try:
            return self._transact(message, flight)
        except Refused as refused:
            return refused.verdict
        finally:
            self._note_use()
            self.messages += 1

    def _transact(self, message: Message, flight: Flight) -> Verdict:
        body = _as_lines(message.raw)
        self._introduce(message)
        try:
            flight.writing(message.delivery_id)
            return self._deliver(body)
        except BaseException:
            self.abort()  # a half-written message must never meet a final dot
            raise

    def _introduce(self, message: Message) -> None:
        """MAIL, RCPT and DATA, up to the 354; raises Refused."""
        mail, rcpt = self._envelope(message)
        try:
            reply = self._ask(mail)
        except Lost as lost:
            if not self._is_fresh:
                raise FoundClosed from lost
            raise Refused(_lost_before_the_dot(lost)) from lost
        if reply.code == 421 and not self._is_fresh:
            self.abort()
            raise FoundClosed
        try:
            self._require(Phase.MAIL, reply)
            self._require(Phase.RCPT, self._ask(rcpt))
            self._require(Phase.DATA, self._ask(b"DATA"))
        except Lost as lost:
            raise Refused(_lost_before_the_dot(lost)) from lost

    def _envelope(self, message: Message) -> tuple[bytes, bytes]:
        """The MAIL and RCPT commands; raises Refused for what this server cannot carry."""
        try:
            sender = on_the_wire(message.sender.email)
        except UnusableAddress as error:
            raise Refused(stop_the_run(f"the sender's address: {error}")) from error
        allows_utf8 = self._smtp.has_extn("smtputf8")
        try:
            recipient = on_the_wire(message.to.email, allows_utf8=allows_utf8)
        except UnusableAddress as error:
            raise Refused(permanent(str(error), Fault.RECIPIENT)) from error
        options = self._mail_options(message.raw, needs_utf8=not recipient.isascii())
        return (
            f"MAIL FROM:<{sender}>{options}".encode(),
            f"RCPT TO:<{recipient}>".encode(),
        )

    def _mail_options(self, raw: bytes, *, needs_utf8: bool) -> str:
        options = ""
        if self._smtp.has_extn("size"):  # RFC 1870
            limit = self._smtp.esmtp_features["size"]
            if limit.isdecimal() and 0 < int(limit) < len(raw):
                text = f"the message has {len(raw)} bytes, and the server takes {limit}"
                raise Refused(permanent(text, Fault.MESSAGE))
            options += f" SIZE={len(raw)}"
        if not raw.isascii() and self._smtp.has_extn("8bitmime"):  # RFC 6152
            options += " BODY=8BITMIME"
        return options + (" SMTPUTF8" if needs_utf8 else "")

    def _require(self, phase: Phase, reply: Reply) -> None:
        if reply.code // 100 == _HOPED_FOR[phase]:
            return
        if reply.code == 421 or reply.code // 100 not in (4, 5):
            self.abort()
        else:
            self._reset()
        raise Refused(judge(phase, reply))

    def _deliver(self, body: bytes) -> Verdict:
        """Body and final dot, and the reply that decides."""
        try:
            self._write(body, self._limits.command)
        except Lost as lost:
            # sendall fails only while bytes are left over, so the dot, the last of them, has
            # not gone out: in plain text it was not handed over, over TLS its record is cut.
            return _lost_before_the_dot(lost)
        try:
            reply = self._smtp.read_reply(self._limits.final_dot)
        except Lost as lost:
            return unknown(f"no answer after the message was sent: {lost}")
        return self._settled(reply)

    def _settled(self, reply: Reply) -> Verdict:
        if reply.code // 100 == 2:
            found = _QUEUED_AS.search(reply.text)
            return accepted(str(reply), found[1] if found else None)
        if reply.code // 100 == 3:
            self.abort()
            return unknown(f"an answer that makes no sense after the message was sent: {reply}")
        if reply.code == 421:
            self.abort()
        return judge(Phase.BODY, reply)

    def noop(self) -> None:
        """Ask whether the server is still there; raises Lost."""
        self._ask(b"NOOP")
        self._note_use()

    def close(self) -> None:
        """Leave politely, but not patiently."""
        if self.is_open:
            with contextlib.suppress(Lost):
                self._write(b"QUIT\r\n", _QUIT_SECONDS)
                self._smtp.read_reply(_QUIT_SECONDS)
        self.abort()

    def abort(self) -> None:
        self._smtp.close()

    def _reset(self) -> None:
        """Clear the transaction, so that the next message starts clean (RFC 5321 §4.1.1.5)."""
        try:
            if self._ask(b"RSET").code // 100 != 2:
                self.abort()
        except Lost:
            self.abort()

    def _note_use(self) -> None:
        self._last_used = time.monotonic()
        self._is_fresh = False

    def _ask(self, command: bytes) -> Reply:
        self._write(command + b"\r\n", self._limits.command)
        return self._smtp.read_reply(self._limits.command)

    def _write(self, content: bytes, timeout_seconds: float) -> None:
        sock = self._smtp.sock
        if sock is None:
            raise Lost("the connection is closed")
        try:
            sock.settimeout(timeout_seconds)
            sock.sendall(content)
        except OSError as error:
            self.abort()
            raise Lost(f"the connection broke: {error.strerror or error}") from error


def _as_lines(raw: bytes) -> bytes:
    """The message as it stands between DATA's 354 and its reply (RFC 5321 §4.5.2).

    A lone CR or LF becomes a line end: left as it is, some servers would take ``LF . LF`` for
    the end of the message, and what follows for commands.
    """
    if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
        raw = _LINE_END.sub(b"\r\n", raw)
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"


def _lost_before_the_dot(lost: Lost) -> Verdict:
    return transient(f"the connection was lost before the message was complete: {lost}")
