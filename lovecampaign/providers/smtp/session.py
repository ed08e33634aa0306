"""One SMTP session: sends messages, and knows how far each of them got.

After a failure the phase decides: before the final dot the server has nothing, and the message may
be sent again; after it only the reply tells, and without a reply the message is in doubt.

With PIPELINING (RFC 2920) a message's body and final dot share one write with the commands of the
next message, so that each message costs one round trip. The next body waits for the replies to all
of these: only one body is ever unanswered. Since nothing but a body is longer than what the network
buffers, the two sides never wait for each other to read.
"""

from __future__ import annotations

import contextlib
import re
import time
from functools import lru_cache

from lovecampaign.core.message import Message
from lovecampaign.providers.base.outcomes import Verdict, accepted, transient, unknown
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine
from lovecampaign.providers.pool.work_queue import QueueClient
from lovecampaign.providers.smtp.connect import SmtpClient, TimeLimits
from lovecampaign.providers.smtp.envelope import SmtpEnvelope, Unsendable, build_envelope
from lovecampaign.providers.smtp.reply_codes import Phase, ServerHistory, classify_reply
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, Reply, WriteIncomplete

#: QUIT is a courtesy.
_QUIT_SECONDS = 2.0
_DOT = b".\r\n"
_QUIT = b"QUIT\r\n"
_QUEUED_AS = re.compile(r"queued as ([\w.-]+)", re.IGNORECASE)
_ALL_POSITIVE = re.compile(rb"(?:2\d\d(?: [^\n]*)?\r?\n){2}3\d\d(?: [^\n]*)?\r?\n").fullmatch
_EXPECTED = {Phase.MAIL: 2, Phase.RCPT: 2, Phase.DATA: 3}
_REPLIES_AFTER = {Phase.MAIL: 2, Phase.RCPT: 1, Phase.DATA: 0}


class _ConnectionClosed(Exception):
    """An idle connection turned out to be closed; no byte of the message was written."""


class _Rejected(Exception):
    """The dialogue about one message ended early."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class SmtpSession:
    """One logged-in connection; sends one message after the other."""

    def __init__(
        self, smtp: SmtpClient, limits: TimeLimits, history: ServerHistory, *, max_messages: int
    ) -> None:
        self._smtp = smtp
        smtp.wire.use_system_timeout()
        self._limits = limits
        self._history = history
        self._is_pipelined = smtp.has_extn("pipelining")
        #: The message after the one in flight: commands written, no reply read yet.
        self._pipelined: SmtpEnvelope | None = None
        self._last_used = time.monotonic()
        self._is_fresh = True
        #: Whether the write broke off behind a message: its own reply may still come.
        self._is_cut = False
        self._messages_left = max_messages
        self._is_quit_sent = False

    @property
    def is_usable(self) -> bool:
        """Whether it is open, as far as we know, and may send more messages."""
        return self._messages_left > 0 and self._smtp.sock is not None

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self._last_used

    def deliver(self, message: Message, client: QueueClient[Message]) -> DeliveryCoroutine[Message]:
        """Send ``message`` and those that follow at once; report each outcome.

        Returns a message of which no byte has left: the server had closed the connection after the
        one before it, as Yahoo and others do silently after some number of messages.
        """
        envelope = self._envelope_for(message, client)
        try:
            while envelope is not None:
                envelope = yield from self._transact(envelope, client)
        except _ConnectionClosed:
            return envelope.message if envelope else None
        except BaseException:
            self.abort()  # a half-written message must never get a final dot
            raise
        return None

    def _transact(
        self, envelope: SmtpEnvelope, client: QueueClient[Message]
    ) -> Coroutine[SmtpEnvelope | None]:
        """Send one message; returns the next one, if its commands were pipelined."""
        following = None
        self._messages_left -= 1
        try:
            if not self._is_accepted(envelope):
                yield from self._introduce(envelope)
                self._require_no_extra_reply()
            following = self._following(client)
            client.flight.writing(envelope.message.delivery_id)
            verdict = self._write_body(envelope, following)
            if verdict is None:
                yield self._smtp.wire.await_reply(self._limits.final_dot)
                verdict = self._verdict_on_body()
        except _Rejected as rejected:
            verdict = rejected.verdict
        self._note_use()
        client.report([verdict.on(envelope.message)])
        return following

    def _following(self, client: QueueClient[Message]) -> SmtpEnvelope | None:
        """The next message for this connection, if it may be pipelined."""
        if not self._is_pipelined:
            return None
        while self._messages_left > 0 and (message := client.take_ahead()) is not None:
            envelope = self._envelope_for(message, client)
            if envelope is not None:
                return envelope
        return None

    def _envelope_for(self, message: Message, client: QueueClient[Message]) -> SmtpEnvelope | None:
        """The envelope; None for a message that this server cannot take, which is reported."""
        try:
            return build_envelope(message, self._smtp.esmtp_features)
        except Unsendable as unsendable:
            client.report([unsendable.verdict.on(message)])
            return None

    def _is_accepted(self, envelope: SmtpEnvelope) -> bool:
        """Whether its commands were pipelined and all accepted.

        One cached comparison of the three replies, in place of parsing each.
        """
        is_pipelined = self._pipelined is envelope and self._smtp.sock is not None
        return is_pipelined and self._smtp.wire.take_if(_are_all_positive)

    def _introduce(self, envelope: SmtpEnvelope) -> Coroutine[None]:
        """MAIL, RCPT and DATA, up to the 354; raises _Rejected and _ConnectionClosed."""
        for phase in envelope.commands:
            try:
                self._write_commands(envelope, phase)
                reply = yield from self._reply_within(self._limits.command)
            except ConnectionLost as lost:
                if self._may_be_closed(phase):
                    raise _ConnectionClosed from lost
                raise _Rejected(_lost_before_dot(lost)) from lost
            if reply.code == 421 and self._may_be_closed(phase):
                self.abort()
                raise _ConnectionClosed
            if reply.code // 100 != _EXPECTED[phase]:
                self._recover(phase, reply)
                raise _Rejected(self._history.classify_reply(phase, reply))

    def _require_no_extra_reply(self) -> None:
        """Raises _Rejected for an extra reply, which would be taken for the message's."""
        if self._smtp.wire.has_unexpected_reply:
            self.abort()
            raise _Rejected(transient("the server sent an unexpected reply"))

    def _may_be_closed(self, phase: Phase) -> bool:
        return phase is Phase.MAIL and not self._is_fresh

    def _write_commands(self, envelope: SmtpEnvelope, phase: Phase) -> None:
        if not self._is_pipelined:
            self._write(envelope.commands[phase])
        elif phase is Phase.MAIL and self._pipelined is not envelope:
            self._write(envelope.introduction)

    def _recover(self, phase: Phase, rejection: Reply) -> None:
        """Prepare the connection for the next message after a rejection, or close it."""
        if rejection.code == 421 or rejection.code // 100 not in (4, 5):
            self.abort()
            return
        try:
            if self._is_pipelined:
                self._skip_pipelined_replies(phase)
            self._write(b"RSET\r\n")  # RFC 5321 §4.1.1.5
            if self._read().code // 100 != 2:
                self.abort()
        except ConnectionLost:
            self.abort()

    def _skip_pipelined_replies(self, refused: Phase) -> None:
        """Read the replies to the commands pipelined behind a rejected one (RFC 2920 §3.1).

        A server may reply 354 although no recipient is left: a lone dot ends that. After a rejected
        MAIL, the effect of a dot is undefined. Raises ConnectionLost.
        """
        reply: Reply | None = None
        for _ in range(_REPLIES_AFTER[refused]):
            reply = self._read()
        if reply is None or reply.code // 100 in (4, 5):
            return
        if refused is not Phase.RCPT or reply.code // 100 != 3:
            raise ConnectionLost("the server continues with a rejected message")
        self._write(_DOT)
        self._smtp.read_reply(self._limits.final_dot)

    def _write_body(self, envelope: SmtpEnvelope, following: SmtpEnvelope | None) -> Verdict | None:
        """Write body, final dot and what follows; None where the reply decides."""
        ahead = self._write_ahead(following)
        try:
            # The same limit as for the reply: to set another one is a system call.
            self._smtp.wire.write((envelope.body, _DOT, ahead), self._limits.final_dot)
        except WriteIncomplete as cut:
            if cut.written < len(envelope.body) + len(_DOT):
                # The final dot was not written; over TLS its record is incomplete.
                self.abort()
                return _lost_before_dot(cut)
            self._is_cut = True
        self._pipelined = following
        return None

    def _write_ahead(self, following: SmtpEnvelope | None) -> bytes:
        if following is not None:
            return following.introduction
        self._is_quit_sent = self._is_pipelined and not self._messages_left
        return _QUIT if self._is_quit_sent else b""

    def _verdict_on_body(self) -> Verdict:
        try:
            reply = self._smtp.read_pending_reply()
        except ConnectionLost as lost:
            return unknown(f"no answer after the message was sent: {lost}")
        if self._is_cut or reply.code == 421 or reply.code // 100 == 3:
            self.abort()
        if reply.code // 100 == 2:
            self._history.has_accepted = True
            return _accepted_as(reply)
        if reply.code // 100 == 3:
            return unknown(f"an unexpected reply after the message was sent: {reply}")
        return classify_reply(Phase.BODY, reply)

    def noop(self) -> None:
        """Check that the server is still there; raises ConnectionLost."""
        self._write(b"NOOP\r\n")
        self._read()
        self._note_use()

    def close(self) -> None:
        """Send QUIT, and wait for the reply only briefly."""
        if self._smtp.sock is not None:
            with contextlib.suppress(ConnectionLost):
                if not self._is_quit_sent:
                    self._smtp.wire.write((_QUIT,), _QUIT_SECONDS)
                self._smtp.read_reply(_QUIT_SECONDS)
        self.abort()

    def abort(self) -> None:
        self._smtp.close()

    def _note_use(self) -> None:
        self._last_used = time.monotonic()
        self._is_fresh = False

    def _write(self, commands: bytes) -> None:
        try:
            self._smtp.wire.write((commands,), self._limits.command)
        except ConnectionLost:
            self.abort()
            raise

    def _reply_within(self, seconds: float) -> Coroutine[Reply]:
        """Wait for the next reply, yielding meanwhile; raises ConnectionLost."""
        wire = self._smtp.wire
        if wire.has_line:
            return self._smtp.read_reply(seconds)
        yield wire.await_reply(seconds)
        return self._smtp.read_pending_reply()

    def _read(self) -> Reply:
        return self._smtp.read_reply(self._limits.command)


@lru_cache(maxsize=64)
def _accepted_as(reply: Reply) -> Verdict:
    match = _QUEUED_AS.search(reply.text)
    return accepted(str(reply), match[1] if match else None)


@lru_cache(maxsize=64)
def _are_all_positive(replies: bytes) -> bool:
    """Whether these are the three positive replies before a message, and nothing else."""
    return _ALL_POSITIVE(replies) is not None


def _lost_before_dot(lost: ConnectionLost) -> Verdict:
    return transient(f"the connection was lost before the message was complete: {lost}")
