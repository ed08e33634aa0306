"""One SMTP session: sends messages, and knows how far each of them got.

After a failure the phase decides: before the final dot the server has nothing, and the message may
be sent again; after it only the reply tells, and without a reply the message is in doubt.

With PIPELINING (RFC 2920) MAIL, RCPT and DATA share one write. With servers that cope (package
``ahead``), a message's body and final dot share it too, with the commands of the next message, so
that each message costs one round trip. The next body waits for the replies to all of these: only
one body is ever unanswered. Since nothing but a body is longer than what the network buffers, the
two sides never wait for each other to read.

After commands that were sent ahead, no failure is judged: the messages are offered again over a new
connection, without.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import NoReturn

from lovecampaign.core.message import Message, OutcomeKind
from lovecampaign.providers.base.outcomes import Verdict, transient, unknown
from lovecampaign.providers.pool.connection import Coroutine, DeliveryCoroutine
from lovecampaign.providers.pool.work_queue import QueueClient
from lovecampaign.providers.smtp.ahead.policy import AheadPolicy
from lovecampaign.providers.smtp.channel import DOT, QUIT, SmtpChannel
from lovecampaign.providers.smtp.connect import SmtpClient, TimeLimits
from lovecampaign.providers.smtp.envelope import SmtpEnvelope, Unsendable, build_envelope
from lovecampaign.providers.smtp.reply_codes import Phase, accepted_as, is_about_connection
from lovecampaign.providers.smtp.server_history import ServerHistory
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, Reply, WriteIncomplete

_EXPECTED = {Phase.MAIL: 2, Phase.RCPT: 2, Phase.DATA: 3}


class _OfferAgain(Exception):
    """The server does not have the message, which goes over a new connection."""


class _Rejected(Exception):
    """The dialogue about one message ended early."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class SmtpSession:
    """One logged-in connection; sends one message after the other."""

    def __init__(
        self,
        smtp: SmtpClient,
        limits: TimeLimits,
        history: ServerHistory,
        ahead: AheadPolicy,
        *,
        max_messages: int,
    ) -> None:
        """``history`` and ``ahead`` are shared by all sessions with the server."""
        self._channel = SmtpChannel(smtp, limits)
        self._limits = limits
        self._history = history
        self._ahead = ahead
        self._may_send_ahead = self._channel.is_pipelined and ahead.may_use(smtp.server_names)
        #: The message after the one in flight: commands written, no reply read yet.
        self._pipelined: SmtpEnvelope | None = None
        #: Whether commands, or QUIT, were sent behind the message in flight.
        self._is_ahead = False
        self._last_used = time.monotonic()
        self._is_fresh = True
        #: Whether the write broke off behind a message: its own reply may still come.
        self._is_cut = False
        self._messages_left = max_messages
        self._offered, self._is_last_accepted, self._is_quit_sent = 0, False, False

    @property
    def is_usable(self) -> bool:
        """Whether it is open and may send more messages."""
        return self._messages_left > 0 and self._channel.is_open

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self._last_used

    def deliver(self, message: Message, client: QueueClient[Message]) -> DeliveryCoroutine[Message]:
        """Send ``message`` and those that follow at once; report each outcome.

        Returns messages for a new connection, which the server does not have: commands that were
        sent ahead failed, or the server had closed this one, as Yahoo and others do silently after
        some number of messages, or takes no further message over it.
        """
        envelope = self._envelope_for(message, client)
        try:
            while envelope is not None:
                current, envelope = envelope, None
                envelope = yield from self._transact(current, client)
        except _OfferAgain:
            self._channel.abort()
            return self._unsent(current)
        except BaseException:
            self._channel.abort()  # a half-written message must never get a final dot
            raise
        return None

    def _unsent(self, envelope: SmtpEnvelope) -> Sequence[Message]:
        """The messages of which the server has no more than commands."""
        following = self._pipelined
        if following is None or following is envelope:
            return (envelope.message,)
        return (envelope.message, following.message)

    def _transact(
        self, envelope: SmtpEnvelope, client: QueueClient[Message]
    ) -> Coroutine[SmtpEnvelope | None]:
        """Send one message; returns the next one for this connection."""
        following = None
        self._messages_left -= 1
        self._offered += 1
        try:
            yield from self._introduce(envelope)
            self._require_no_extra_reply(envelope)
            following = self._following(client)
            client.flight.writing(envelope.message.delivery_id)
            verdict = self._write_body(envelope, following)
            if verdict is None:
                yield from self._channel.await_reply(self._limits.final_dot)
                verdict = self._verdict_on_body(envelope)
        except _Rejected as rejected:
            verdict = rejected.verdict
        self._note_use()
        self._ahead.note_verdict(envelope.message.delivery_id, verdict)
        client.report([verdict.on(envelope.message)])
        if following is None and verdict.kind is OutcomeKind.ACCEPTED and self.is_usable:
            return self._take(client)
        return following

    def _following(self, client: QueueClient[Message]) -> SmtpEnvelope | None:
        """The next message for this connection, if its commands may be sent ahead."""
        self._pipelined = None
        self._is_ahead = self._may_send_ahead and self._ahead.allows(self)
        return self._take(client) if self._is_ahead else None

    def _take(self, client: QueueClient[Message]) -> SmtpEnvelope | None:
        """The next message that this server can take, if it comes at once and needs no wait."""
        if self._history.pace.is_limited:
            return None
        while self._messages_left > 0 and (message := client.take_ahead()) is not None:
            envelope = self._envelope_for(message, client)
            if envelope is not None:
                return envelope
        return None

    def _envelope_for(self, message: Message, client: QueueClient[Message]) -> SmtpEnvelope | None:
        """The envelope; None for a message that this server cannot take, which is reported."""
        try:
            return build_envelope(message, self._channel.features)
        except Unsendable as unsendable:
            client.report([unsendable.verdict.on(message)])
            return None

    def _introduce(self, envelope: SmtpEnvelope) -> Coroutine[None]:
        """MAIL, RCPT and DATA, up to the 354; raises _Rejected and _OfferAgain."""
        is_ahead = self._pipelined is envelope
        seconds = self._limits.ahead if is_ahead else self._limits.command
        for phase in envelope.commands:
            may_be_closed = phase is Phase.MAIL and not self._is_fresh
            try:
                self._write_commands(envelope, phase)
                yield from self._channel.await_reply(seconds)
                is_first = self._channel.is_pipelined and phase is Phase.MAIL
                if is_first and self._channel.take_positive_replies():
                    self._note_mail_accepted()
                    break
                reply = self._channel.read_awaited()
            except ConnectionLost as lost:
                if is_ahead:
                    self._ahead.give_up(f"{phase.value} was sent ahead, and {lost}")
                if is_ahead or may_be_closed:
                    raise _OfferAgain from lost
                raise _Rejected(_lost_before_dot(lost)) from lost
            if reply.code // 100 != _EXPECTED[phase]:
                self._reject(envelope, phase, reply)
            if phase is Phase.MAIL:
                self._note_mail_accepted()
        if is_ahead:
            self._ahead.note_success()

    def _note_mail_accepted(self) -> None:
        if self._is_fresh:
            self._messages_left = min(self._messages_left, self._history.more_messages())

    def _reject(self, envelope: SmtpEnvelope, phase: Phase, reply: Reply) -> NoReturn:
        """Raises _Rejected, or _OfferAgain where the reply says nothing about the message."""
        if self._pipelined is envelope:
            self._suspect(envelope, f"{phase.value} was sent ahead: {reply}")
        if phase is Phase.MAIL and not self._is_fresh and is_about_connection(reply):
            self._leave(reply)
            raise _OfferAgain
        self._recover(phase, reply)
        raise _Rejected(self._history.classify_reply(phase, reply))

    def _suspect(self, envelope: SmtpEnvelope, reason: str) -> NoReturn:
        self._ahead.suspect(envelope.message.delivery_id, reason)
        raise _OfferAgain

    def _leave(self, refusal: Reply) -> None:
        """End a connection over which MAIL was refused, and note a limit on its messages."""
        # 421 also comes after a time, and at a restart.
        is_limit = refusal.code != 421 or "too many" in refusal.text.lower()
        if is_limit and self._is_last_accepted:
            self._history.suspect_limit(self._offered - 1)
        if refusal.code == 421:
            self._channel.abort()
        with contextlib.suppress(ConnectionLost):
            self._channel.skip_pipelined_replies(Phase.MAIL)
            self.close()
        self._channel.abort()

    def _require_no_extra_reply(self, envelope: SmtpEnvelope) -> None:
        """Raises _Rejected for an extra reply, which would be taken for the message's."""
        if self._channel.has_unexpected_reply:
            if self._pipelined is envelope:
                self._suspect(envelope, "an unexpected reply after commands that were sent ahead")
            self._channel.abort()
            raise _Rejected(transient("the server sent an unexpected reply"))

    def _write_commands(self, envelope: SmtpEnvelope, phase: Phase) -> None:
        if not self._channel.is_pipelined:
            self._channel.write(envelope.commands[phase])
        elif phase is Phase.MAIL and self._pipelined is not envelope:
            self._channel.write(envelope.introduction)

    def _recover(self, phase: Phase, rejection: Reply) -> None:
        """Prepare the connection for the next message after a rejection, or close it."""
        if rejection.code == 421 or rejection.code // 100 not in (4, 5):
            self._channel.abort()
        else:
            self._channel.clear(phase)

    def _write_body(self, envelope: SmtpEnvelope, following: SmtpEnvelope | None) -> Verdict | None:
        """Write body, final dot and what follows; None where the reply decides."""
        ahead = self._write_ahead(following)
        try:
            self._channel.write_message((envelope.body, DOT, ahead))
        except WriteIncomplete as cut:
            if cut.written < len(envelope.body) + len(DOT):
                self._channel.abort()  # over TLS the record of the final dot is incomplete
                return _lost_before_dot(cut)
            self._is_cut = True
        self._pipelined = following
        return None

    def _write_ahead(self, following: SmtpEnvelope | None) -> bytes:
        if following is not None:
            return following.introduction
        self._is_quit_sent = self._is_ahead = self._is_ahead and not self._messages_left
        return QUIT if self._is_quit_sent else b""

    def _verdict_on_body(self, envelope: SmtpEnvelope) -> Verdict:
        """Raises _OfferAgain for a rejection after commands that were sent ahead."""
        try:
            reply = self._channel.read_awaited()
        except ConnectionLost as lost:
            if self._is_ahead:
                self._ahead.give_up(f"commands were sent behind a message, and {lost}")
            return unknown(f"no answer after the message was sent: {lost}")
        if self._is_cut or reply.code == 421 or reply.code // 100 == 3:
            self._channel.abort()
        self._is_last_accepted = reply.code // 100 == 2
        if self._is_last_accepted:
            self._history.note_accepted()
            return accepted_as(reply)
        if reply.code // 100 == 3:
            return unknown(f"an unexpected reply after the message was sent: {reply}")
        if self._is_ahead:
            self._suspect(envelope, f"commands were sent behind a message: {reply}")
        # Postfix's end-of-data restrictions leave the transaction of a refused body open.
        self._recover(Phase.BODY, reply)
        return self._history.classify_reply(Phase.BODY, reply)

    def noop(self) -> None:
        """Check that the server is still there; raises ConnectionLost."""
        self._channel.noop()
        self._note_use()

    def close(self) -> None:
        if not self._channel.is_open:
            return
        if not self._channel.quit(is_sent=self._is_quit_sent) and self._is_quit_sent:
            self._ahead.give_up("QUIT was sent ahead, and not answered")

    def _note_use(self) -> None:
        self._last_used, self._is_fresh = time.monotonic(), False


def _lost_before_dot(lost: ConnectionLost) -> Verdict:
    return transient(f"the connection was lost before the message was complete: {lost}")
