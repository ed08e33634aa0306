"""How do messages go through one SMTP connection, and how far did each of them get?

What matters after a failure is the phase it struck in: before the final dot the server has
nothing and the message may be tried again; after it only the reply tells, and without a reply
nobody knows.

Where the server offers PIPELINING (RFC 2920), a message's body and final dot share one write
with the commands that introduce the next message, so that each message costs one round trip.
The next body waits until the replies to all of these have been read: never is more than one
body without its answer, and since nothing but a body is longer than what the network holds
back for a reader, the two sides never wait for each other to read.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from functools import lru_cache

from lovecampaign.core.message import Message
from lovecampaign.providers.base.outcomes import Verdict, accepted, transient, unknown
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine
from lovecampaign.providers.pool.intake import QueueClient
from lovecampaign.providers.smtp.connect import SmtpClient, TimeLimits
from lovecampaign.providers.smtp.envelope import SmtpEnvelope, Unsendable, build_envelope
from lovecampaign.providers.smtp.reply_codes import Phase, ServerHistory, classify_reply
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, Reply, WriteIncomplete

#: Leaving politely is not worth more than this.
_QUIT_SECONDS = 2.0
_DOT = b".\r\n"
_QUIT = b"QUIT\r\n"
_QUEUED_AS = re.compile(r"queued as ([\w.-]+)", re.IGNORECASE)
#: The code that lets the dialogue go on.
_LET_IN = re.compile(rb"(?:2\d\d(?: [^\n]*)?\r?\n){2}3\d\d(?: [^\n]*)?\r?\n").fullmatch
_HOPED_FOR = {Phase.MAIL: 2, Phase.RCPT: 2, Phase.DATA: 3}
_REPLIES_AFTER = {Phase.MAIL: 2, Phase.RCPT: 1, Phase.DATA: 0}


class _FoundClosed(Exception):
    """A connection that had rested is gone; nothing of the message was written."""


class _Refused(Exception):
    """The dialogue about one message ended early."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class SmtpSession:
    """One logged-in connection; carries one message after the other."""

    def __init__(
        self, smtp: SmtpClient, limits: TimeLimits, rapport: ServerHistory, *, most_messages: int
    ) -> None:
        self._smtp = smtp
        smtp.wire.leave_time_to_the_system()
        self._limits = limits
        self._rapport = rapport
        self._is_pipelined = smtp.has_extn("pipelining")
        #: Whose commands are on the wire, without a reply yet.
        self._introduced: SmtpEnvelope | None = None
        self._last_used = time.monotonic()
        self._is_fresh = True
        #: Whether what follows a message broke off: its own reply may still come.
        self._is_cut = False
        #: How many messages may still go through it, taken or refused.
        self._messages_left = most_messages
        self._has_said_quit = False

    @property
    def is_usable(self) -> bool:
        """Whether it is open, as far as we know, and may carry more."""
        return self._messages_left > 0 and self._smtp.sock is not None

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self._last_used

    def carry(self, message: Message, intake: QueueClient[Message]) -> DeliveryCoroutine[Message]:
        """Send ``message`` and those that follow at once; answer for each.

        Returns a message that was taken and of which nothing has left: the server had hung up
        since the one before it, as Yahoo and others do silently after some number of messages.
        """
        envelope = self._addressed(message, intake)
        try:
            while envelope is not None:
                envelope = yield from self._transact(envelope, intake)
        except _FoundClosed:
            return envelope.message if envelope else None
        except BaseException:
            self.abort()  # a half-written message must never meet a final dot
            raise
        return None

    def _transact(
        self, envelope: SmtpEnvelope, intake: QueueClient[Message]
    ) -> Coroutine[SmtpEnvelope | None]:
        """Send one message; returns the one that was introduced behind it, if there is one."""
        following = None
        self._messages_left -= 1
        try:
            if not self._was_let_in(envelope):
                yield from self._introduce(envelope)
                self._require_step()
            following = self._following(intake)
            intake.flight.writing(envelope.message.delivery_id)
            verdict = self._write_body(envelope, following)
            if verdict is None:
                yield self._smtp.wire.awaited(self._limits.final_dot)
                verdict = self._verdict_on_body()
        except _Refused as refused:
            verdict = refused.verdict
        self._note_use()
        intake.answer([verdict.on(envelope.message)])
        return following

    def _following(self, intake: QueueClient[Message]) -> SmtpEnvelope | None:
        """Who is next on this connection, where it can be said before the reply to the dot."""
        if not self._is_pipelined:
            return None
        while self._messages_left > 0 and (message := intake.take_ahead()) is not None:
            envelope = self._addressed(message, intake)
            if envelope is not None:
                return envelope
        return None

    def _addressed(self, message: Message, intake: QueueClient[Message]) -> SmtpEnvelope | None:
        """Its envelope; None where this server cannot carry it, which is answered here."""
        try:
            return build_envelope(message, self._smtp.esmtp_features)
        except Unsendable as unsendable:
            intake.answer([unsendable.verdict.on(message)])
            return None

    def _was_let_in(self, envelope: SmtpEnvelope) -> bool:
        """Whether it was introduced behind the last one, and the server said yes to all of it.

        Servers say the same to everybody: one look instead of three replies to read.
        """
        is_introduced = self._introduced is envelope and self._smtp.sock is not None
        return is_introduced and self._smtp.wire.takes(_are_let_in)

    def _introduce(self, envelope: SmtpEnvelope) -> Coroutine[None]:
        """MAIL, RCPT and DATA, up to the 354; raises _Refused and _FoundClosed."""
        for phase in envelope.commands:
            with self._telling_what_a_loss_means(phase):
                self._ask_for(envelope, phase)
                reply = yield from self._reply_within(self._limits.command)
            if reply.code == 421 and self._may_be_found_closed(phase):
                self.abort()
                raise _FoundClosed
            if reply.code // 100 != _HOPED_FOR[phase]:
                self._recover(phase, reply)
                raise _Refused(self._rapport.classify_reply(phase, reply))

    def _require_step(self) -> None:
        """A line too many would be taken for the answer to the message."""
        if self._smtp.wire.is_out_of_step:
            self.abort()
            raise _Refused(transient("the server answers more than it was asked"))

    @contextlib.contextmanager
    def _telling_what_a_loss_means(self, phase: Phase) -> Iterator[None]:
        try:
            yield
        except ConnectionLost as lost:
            if self._may_be_found_closed(phase):
                raise _FoundClosed from lost
            raise _Refused(_lost_before_the_dot(lost)) from lost

    def _may_be_found_closed(self, phase: Phase) -> bool:
        return phase is Phase.MAIL and not self._is_fresh

    def _ask_for(self, envelope: SmtpEnvelope, phase: Phase) -> None:
        if not self._is_pipelined:
            self._say(envelope.commands[phase])
        elif phase is Phase.MAIL and self._introduced is not envelope:
            self._say(envelope.introduction)

    def _recover(self, phase: Phase, refusal: Reply) -> None:
        """Make the connection fit for the next message after a refusal, or close it."""
        try:
            _require_sense(refusal)
            if self._is_pipelined:
                self._pass_over_what_follows(phase)
            self._say(b"RSET\r\n")  # RFC 5321 §4.1.1.5
            if self._hear().code // 100 != 2:
                self.abort()
        except ConnectionLost:
            self.abort()

    def _pass_over_what_follows(self, refused: Phase) -> None:
        """Read the replies to what was written behind a refused command (RFC 2920 §3.1).

        A server may say 354 although it has nobody to deliver to: a lone dot ends that. Where
        it refused MAIL, nobody can tell what it would do at a dot. Raises ConnectionLost.
        """
        reply: Reply | None = None
        for _ in range(_REPLIES_AFTER[refused]):
            reply = self._hear()
        if reply is None or reply.code // 100 in (4, 5):
            return
        if refused is not Phase.RCPT or reply.code // 100 != 3:
            raise ConnectionLost("the server goes on with a refused message")
        self._say(_DOT)
        self._smtp.read_reply(self._limits.final_dot)

    def _write_body(self, envelope: SmtpEnvelope, following: SmtpEnvelope | None) -> Verdict | None:
        """Body and final dot, and what comes next; None where the reply decides."""
        ahead = self._said_behind_body(following)
        try:
            # The reply's limit for the body too: setting another one takes time.
            self._smtp.wire.write((envelope.body, _DOT, ahead), self._limits.final_dot)
        except WriteIncomplete as cut:
            if cut.written < len(envelope.body) + len(_DOT):
                # The dot, the last of the body, was not handed over; over TLS its record is cut.
                self.abort()
                return _lost_before_the_dot(cut)
            self._is_cut = True
        self._introduced = following
        return None

    def _said_behind_body(self, following: SmtpEnvelope | None) -> bytes:
        if following is not None:
            return following.introduction
        self._has_said_quit = self._is_pipelined and not self._messages_left
        return _QUIT if self._has_said_quit else b""

    def _verdict_on_body(self) -> Verdict:
        try:
            reply = self._smtp.read_awaited_reply()
        except ConnectionLost as lost:
            return unknown(f"no answer after the message was sent: {lost}")
        if self._is_cut or reply.code == 421 or reply.code // 100 == 3:
            self.abort()
        if reply.code // 100 == 2:
            self._rapport.has_taken_mail = True
            return _taken(reply)
        if reply.code // 100 == 3:
            return unknown(f"an answer that makes no sense after the message was sent: {reply}")
        return classify_reply(Phase.BODY, reply)

    def noop(self) -> None:
        """Ask whether the server is still there; raises ConnectionLost."""
        self._say(b"NOOP\r\n")
        self._hear()
        self._note_use()

    def close(self) -> None:
        """Leave politely, but not patiently."""
        if self._smtp.sock is not None:
            with contextlib.suppress(ConnectionLost):
                if not self._has_said_quit:
                    self._smtp.wire.write((_QUIT,), _QUIT_SECONDS)
                self._smtp.read_reply(_QUIT_SECONDS)
        self.abort()

    def abort(self) -> None:
        self._smtp.close()

    def _note_use(self) -> None:
        self._last_used = time.monotonic()
        self._is_fresh = False

    def _say(self, commands: bytes) -> None:
        try:
            self._smtp.wire.write((commands,), self._limits.command)
        except ConnectionLost:
            self.abort()
            raise

    def _reply_within(self, seconds: float) -> Coroutine[Reply]:
        """The next reply, others going on until it is there; raises ConnectionLost."""
        wire = self._smtp.wire
        if wire.holds_a_line:
            return self._smtp.read_reply(seconds)
        yield wire.awaited(seconds)
        return self._smtp.read_awaited_reply()

    def _hear(self) -> Reply:
        return self._smtp.read_reply(self._limits.command)


@lru_cache(maxsize=64)
def _taken(reply: Reply) -> Verdict:
    found = _QUEUED_AS.search(reply.text)
    return accepted(str(reply), found[1] if found else None)


@lru_cache(maxsize=64)
def _are_let_in(replies: bytes) -> bool:
    """Whether these are the three replies that lead to a message, and nothing else."""
    return _LET_IN(replies) is not None


def _require_sense(refusal: Reply) -> None:
    """Raises ConnectionLost where a refusal closes the connection, or is none that SMTP knows."""
    if refusal.code == 421 or refusal.code // 100 not in (4, 5):
        raise ConnectionLost("the server does not go on")


def _lost_before_the_dot(lost: ConnectionLost) -> Verdict:
    return transient(f"the connection was lost before the message was complete: {lost}")
