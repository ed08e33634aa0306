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
from lovecampaign.providers.base.outcomes import Verdict, transient, unknown
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine
from lovecampaign.providers.pool.work_queue import QueueClient
from lovecampaign.providers.smtp.connect import SmtpClient, TimeLimits
from lovecampaign.providers.smtp.envelope import SmtpEnvelope, Unsendable, build_envelope
from lovecampaign.providers.smtp.reply_codes import Phase, accepted_as, is_about_connection
from lovecampaign.providers.smtp.reset import reset, skip_pipelined_replies
from lovecampaign.providers.smtp.server_history import ServerHistory
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, Reply, WriteIncomplete

_QUIT_SECONDS = 2.0  #: a courtesy
_DOT = b".\r\n"
_QUIT = b"QUIT\r\n"
_ALL_POSITIVE = re.compile(rb"(?:2\d\d(?: [^\n]*)?\r?\n){2}3\d\d(?: [^\n]*)?\r?\n").fullmatch
_EXPECTED = {Phase.MAIL: 2, Phase.RCPT: 2, Phase.DATA: 3}


class _ConnectionClosed(Exception):
    """A used connection takes no more; nothing of the message's body was written."""


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
        self._offered, self._is_last_accepted = 0, False
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

        Returns a message that a new connection must ask for: after the one before it the server had
        closed this one, as Yahoo and others do silently, or takes no further message over it.
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
        self._offered += 1
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
        if not self._is_pipelined or self._history.pace.interval:
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
            may_be_closed = phase is Phase.MAIL and not self._is_fresh
            try:
                self._write_commands(envelope, phase)
                reply = yield from self._reply_within(self._limits.command)
            except ConnectionLost as lost:
                if may_be_closed:
                    raise _ConnectionClosed from lost
                raise _Rejected(_lost_before_dot(lost)) from lost
            if may_be_closed and is_about_connection(reply):
                self._leave(reply)
                raise _ConnectionClosed
            if reply.code // 100 != _EXPECTED[phase]:
                self._recover(phase, reply)
                raise _Rejected(self._history.classify_reply(phase, reply))
            if phase is Phase.MAIL and self._is_fresh:
                self._messages_left = min(self._messages_left, self._history.more_messages())

    def _leave(self, refusal: Reply) -> None:
        """End a connection over which MAIL was refused, and note a limit on its messages."""
        # 421 also comes after a time, and at a restart.
        is_limit = refusal.code != 421 or "too many" in refusal.text.lower()
        if is_limit and self._is_last_accepted:
            self._history.suspect_limit(self._offered - 1)
        if refusal.code == 421:
            self.abort()
        with contextlib.suppress(ConnectionLost):
            if self._is_pipelined:
                skip_pipelined_replies(self._smtp, self._limits, Phase.MAIL)
            self.close()
        self.abort()

    def _require_no_extra_reply(self) -> None:
        """Raises _Rejected for an extra reply, which would be taken for the message's."""
        if self._smtp.wire.has_unexpected_reply:
            self.abort()
            raise _Rejected(transient("the server sent an unexpected reply"))

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
                skip_pipelined_replies(self._smtp, self._limits, phase)
            reset(self._smtp, self._limits)
        except ConnectionLost:
            self.abort()

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
        self._is_last_accepted = reply.code // 100 == 2
        if self._is_last_accepted:
            self._history.note_accepted()
            return accepted_as(reply)
        if reply.code // 100 == 3:
            return unknown(f"an unexpected reply after the message was sent: {reply}")
        self._end_refused()
        return self._history.classify_reply(Phase.BODY, reply)

    def _end_refused(self) -> None:
        """RSET, unless the next commands were written already: Postfix's end-of-data restrictions
        leave the transaction of a refused body open.
        """
        is_free = self._pipelined is None and not self._is_quit_sent
        if is_free and self._smtp.sock is not None:
            try:
                reset(self._smtp, self._limits)
            except ConnectionLost:
                self.abort()

    def noop(self) -> None:
        """Check that the server is still there; raises ConnectionLost."""
        self._write(b"NOOP\r\n")
        self._smtp.read_reply(self._limits.command)
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
        self._last_used, self._is_fresh = time.monotonic(), False

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


@lru_cache(maxsize=64)
def _are_all_positive(replies: bytes) -> bool:
    """Whether these are the three positive replies before a message, and nothing else."""
    return _ALL_POSITIVE(replies) is not None


def _lost_before_dot(lost: ConnectionLost) -> Verdict:
    return transient(f"the connection was lost before the message was complete: {lost}")
