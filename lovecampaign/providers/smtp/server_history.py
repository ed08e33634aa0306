"""What the connections of a pool have learned about their server."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace

from lovecampaign.core.message import FaultKind
from lovecampaign.providers.base.outcomes import Verdict, permanent
from lovecampaign.providers.smtp.pace import SendingPace
from lovecampaign.providers.smtp.reply_codes import Phase, classify_reply, is_about_login
from lovecampaign.providers.smtp.smtp_socket import Reply

LACKS_USER = "the server offers a login, and LOVECAMPAIGN_PROVIDER has no user"

#: Faults that a missing login may be behind: a server that asks for one says so in any words.
_MAY_LACK_LOGIN = frozenset({FaultKind.CONFIGURATION, FaultKind.POLICY, FaultKind.UNCLEAR})


@dataclass(slots=True)
class ServerHistory:
    """The results of all connections to a server so far."""

    has_accepted: bool = False
    pace: SendingPace = field(default_factory=SendingPace)
    #: The mechanism of the last login.
    login_mechanism: str = ""
    #: Whether it offers a login, and we have none.
    lacks_user: bool = False
    #: Messages it takes over one connection (OpenSMTPD's ``max-mails``), as far as is known.
    max_messages: int = sys.maxsize
    #: The limit that a connection met; known once a new connection takes the same message.
    _suspected_limit: int | None = None

    def classify_reply(self, phase: Phase, reply: Reply) -> Verdict:
        """As :func:`classify_reply`, but a rejection of RCPT may be about this recipient only.

        Once the server has accepted a message for others, a rejection of our setup counts as
        one of this recipient: else the run would stop at the same recipient for ever.
        """
        verdict = self._with_missing_login(classify_reply(phase, reply))
        if verdict.retry_after_seconds is not None and verdict.fault is FaultKind.PROVIDER:
            return self.pace.note_refused(verdict)
        is_about_us = phase is not Phase.RCPT or is_about_login(phase, reply)
        if verdict.fault is not FaultKind.CONFIGURATION or is_about_us:
            return verdict
        if self.has_accepted and reply.code >= 500:
            return permanent(verdict.detail, FaultKind.POLICY)
        return replace(verdict, is_about_one=True)

    def note_accepted(self) -> None:
        self.has_accepted = True
        self.pace.note_accepted()

    def _with_missing_login(self, verdict: Verdict) -> Verdict:
        if verdict.fault in _MAY_LACK_LOGIN and self.lacks_user and not self.has_accepted:
            return replace(verdict, detail=f"{LACKS_USER}: {verdict.detail}")
        return verdict

    def suspect_limit(self, messages: int) -> None:
        """A connection took ``messages`` messages and no further one."""
        self._suspected_limit = messages

    def more_messages(self) -> int:
        """How many more a connection takes after its first MAIL: a refusal before was a limit."""
        if self._suspected_limit is not None:
            self.max_messages = min(self.max_messages, self._suspected_limit)
            self._suspected_limit = None
        return self.max_messages - 1
