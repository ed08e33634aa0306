"""The commands and replies of one SMTP connection, each within its time limit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from lovecampaign.providers.pool.connection import Coroutine
from lovecampaign.providers.smtp.connect import SmtpClient, TimeLimits
from lovecampaign.providers.smtp.reply_codes import Phase
from lovecampaign.providers.smtp.smtp_socket import ConnectionLost, Reply

QUIT = b"QUIT\r\n"
DOT = b".\r\n"
_QUIT_SECONDS = 2.0  #: a courtesy
_ALL_POSITIVE = re.compile(rb"(?:2\d\d(?: [^\n]*)?\r?\n){2}3\d\d(?: [^\n]*)?\r?\n").fullmatch
_REPLIES_AFTER = {Phase.MAIL: 2, Phase.RCPT: 1}


class SmtpChannel:
    """One logged-in connection. Where it is lost, it is closed, and ConnectionLost raised."""

    def __init__(self, smtp: SmtpClient, limits: TimeLimits) -> None:
        self._limits = limits
        self.is_pipelined = smtp.has_extn("pipelining")
        self._smtp = smtp
        smtp.wire.use_system_timeout()

    @property
    def is_open(self) -> bool:
        """As far as we know."""
        return self._smtp.sock is not None

    @property
    def features(self) -> Mapping[str, str]:
        return self._smtp.esmtp_features

    @property
    def has_unexpected_reply(self) -> bool:
        """Whether there is a positive reply to no command."""
        return self._smtp.wire.has_unexpected_reply

    def write(self, commands: bytes) -> None:
        """With the time limit of a message: to set another one is a system call, for each."""
        try:
            self._smtp.wire.write((commands,), self._limits.final_dot)
        except ConnectionLost:
            self.abort()
            raise

    def write_message(self, parts: Sequence[bytes]) -> None:
        """Body, final dot and what follows; raises WriteIncomplete, and stays open."""
        self._smtp.wire.write(parts, self._limits.final_dot)

    def await_reply(self, seconds: float) -> Coroutine[None]:
        """Wait until the next reply is there, or late, yielding meanwhile."""
        pending = self._smtp.wire.await_reply(seconds)
        if not pending.has_line:
            yield pending

    def read_awaited(self) -> Reply:
        return self._smtp.read_pending_reply()

    def take_positive_replies(self) -> bool:
        """Consume the three replies before a message, if they are positive and all there is.

        One cached comparison, in place of parsing each.
        """
        return self._smtp.wire.take_if(_are_all_positive)

    def skip_pipelined_replies(self, rejected: Phase) -> None:
        """Read the replies to the commands pipelined behind a rejected one (RFC 2920 §3.1).

        A server may reply 354 although no recipient is left: a lone dot ends that. After a rejected
        MAIL, the effect of a dot is undefined.
        """
        reply: Reply | None = None
        for _ in range(_REPLIES_AFTER.get(rejected, 0) if self.is_pipelined else 0):
            reply = self._read()
        if reply is None or reply.code // 100 in (4, 5):
            return
        if rejected is not Phase.RCPT or reply.code // 100 != 3:
            raise ConnectionLost("the server continues with a rejected message")
        self.write(DOT)
        self._smtp.read_reply(self._limits.final_dot)

    def clear(self, rejected: Phase) -> None:
        """RSET (RFC 5321 §4.1.1.5) for the next message; closes where that fails."""
        try:
            self.skip_pipelined_replies(rejected)
            self.write(b"RSET\r\n")
            if self._read().code // 100 != 2:
                self.abort()
        except ConnectionLost:
            self.abort()

    def noop(self) -> None:
        self.write(b"NOOP\r\n")
        self._read()

    def quit(self, *, is_sent: bool) -> bool:
        """Send QUIT, if that was not done yet, and wait only briefly; whether it was answered."""
        seconds = min(_QUIT_SECONDS, self._limits.ahead)
        try:
            if not is_sent:
                self._smtp.wire.write((QUIT,), seconds)
            return self._smtp.read_reply(seconds).code == 221
        except ConnectionLost:
            return False
        finally:
            self.abort()

    def abort(self) -> None:
        self._smtp.close()

    def _read(self) -> Reply:
        return self._smtp.read_reply(self._limits.command)


@lru_cache(maxsize=64)
def _are_all_positive(replies: bytes) -> bool:
    """Whether these are the three positive replies before a message, and nothing else."""
    return _ALL_POSITIVE(replies) is not None
