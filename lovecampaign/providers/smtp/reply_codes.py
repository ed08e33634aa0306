"""Classifies SMTP replies: what a rejection means for the recipient, for us and for the run.

The map follows RFC 5321, RFC 3463 and what large receivers publish; an ambiguous reply is read so
that no address is suppressed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from lovecampaign.core.message import FaultKind
from lovecampaign.providers.base.outcomes import Verdict, permanent, stop_the_run, transient
from lovecampaign.providers.smtp.smtp_socket import Reply


class Phase(StrEnum):
    """How far the dialogue was when the server replied."""

    CONNECT = "greeting"
    HELLO = "EHLO"
    STARTTLS = "STARTTLS"
    LOGIN = "login"
    MAIL = "MAIL"  #: our sender address
    RCPT = "RCPT"  #: the recipient's address
    DATA = "DATA"  #: before the first byte of the message
    BODY = "message"  #: after the final dot


_BEFORE_MAIL = frozenset({Phase.CONNECT, Phase.HELLO, Phase.STARTTLS, Phase.LOGIN})

#: Enhanced codes (subject, detail) of an address that does not exist.
_NO_SUCH_ADDRESS = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1), (4, 4), (6, 7)})
_MAILBOX_FULL = (2, 2)
_TOO_LARGE = frozenset({(2, 3), (3, 4)})
#: Gmail and Workspace: our own daily quota is used up.
_OUR_QUOTA = (4, 5)
#: 5.1.7 and 5.1.8: bad sender address or domain; 5.7.60 (Exchange): may not send as this sender.
_BAD_SENDER = frozenset({(1, 7), (1, 8), (7, 60)})
#: 530 authentication required, 534 too weak, 535 refused, 538 encryption required (RFC 4954 §6).
_LOGIN_CODES = frozenset({530, 534, 535, 538})

_SAYS_UNKNOWN = re.compile(
    r"user unknown|unknown (user|recipient|mailbox)|no such (user|recipient|mailbox|address)"
    r"|(user|mailbox|recipient|account|address) (was |is )?(not found|does(n't| not) exist)"
    r"|user doesn't have a|mailbox is disabled",
    re.IGNORECASE,
)
_SAYS_FULL = re.compile(r"\bfull\b|quota|exceeded storage", re.IGNORECASE)
_SAYS_POLICY = re.compile(
    r"spam|block|black|listed|\brbl\b|reputation|policy|polic(y|ies)|\bspf\b|dkim|dmarc"
    r"|denied|not accepted from|unsolicited",
    re.IGNORECASE,
)
#: Relaying denied for our sender: Postfix, Exchange, Gmail, SES, SendGrid.
_SAYS_NO_RELAY = re.compile(
    r"relay(ing)? (access )?(is )?(denied|not permitted)|unable to relay"
    r"|sender address rejected|(identity|address) is not verified|verified sender identity",
    re.IGNORECASE,
)
_SAYS_THROTTLED = re.compile(
    r"throttl|rate (limit )?exceeded|receiving mail at a rate", re.IGNORECASE
)


def classify_reply(phase: Phase, reply: Reply) -> Verdict:
    """The verdict on a reply that is not the expected one."""
    detail = f"{reply} (to {phase.value})" if phase is not Phase.CONNECT else str(reply)
    if reply.code == 421:  # the server closes, whatever the message
        return transient(detail)
    if _is_about_login(phase, reply):
        return stop_the_run(detail)
    if reply.code < 400:
        return transient(f"unexpected reply: {detail}")
    if reply.code < 500:
        return transient(detail, _temporary_fault(phase, reply))
    return _classify_rejection(phase, reply, detail)


@dataclass(slots=True)
class ServerHistory:
    """The results of all connections to a server so far."""

    has_accepted: bool = False

    def classify_reply(self, phase: Phase, reply: Reply) -> Verdict:
        """As :func:`classify_reply`, but a rejection of RCPT may be about this recipient only.

        Once the server has accepted a message for others, a rejection of our setup counts as
        one of this recipient: else the run would stop at the same recipient for ever.
        """
        verdict = classify_reply(phase, reply)
        is_about_us = phase is not Phase.RCPT or _is_about_login(phase, reply)
        if verdict.fault is not FaultKind.CONFIGURATION or is_about_us:
            return verdict
        if self.has_accepted and reply.code >= 500:
            return permanent(verdict.detail, FaultKind.POLICY)
        return replace(verdict, is_about_one=True)


def _is_about_login(phase: Phase, reply: Reply) -> bool:
    if reply.code in _LOGIN_CODES:
        return True
    if phase is Phase.LOGIN:
        return reply.code >= 500 or reply.code == 454
    # 454 is also how Amazon SES throttles, without the enhanced code.
    return reply.code == 454 and reply.enhanced == (7, 0) and phase is not Phase.STARTTLS


def _temporary_fault(phase: Phase, reply: Reply) -> FaultKind:
    """The fault of a temporary rejection."""
    if reply.enhanced is not None:
        return FaultKind.MAILBOX if reply.enhanced[0] == 2 else FaultKind.PROVIDER
    return FaultKind.MAILBOX if phase is Phase.RCPT and reply.code == 450 else FaultKind.PROVIDER


def _classify_rejection(phase: Phase, reply: Reply, detail: str) -> Verdict:
    # Before MAIL no message can be rejected.
    if phase in _BEFORE_MAIL or _rejects_our_sender(reply):
        return stop_the_run(detail)
    if _is_temporary(phase, reply):
        is_mailbox = phase is Phase.RCPT and reply.enhanced != _OUR_QUOTA
        return transient(detail, FaultKind.MAILBOX if is_mailbox else FaultKind.PROVIDER)
    if reply.enhanced in _TOO_LARGE:
        return permanent(detail, FaultKind.MESSAGE)
    if reply.enhanced is not None and reply.enhanced[0] == 7:
        return permanent(detail, FaultKind.POLICY)
    return _classify_by_phase(phase, reply, detail)


def _rejects_our_sender(reply: Reply) -> bool:
    return reply.enhanced in _BAD_SENDER or _SAYS_NO_RELAY.search(reply.text) is not None


def _is_temporary(phase: Phase, reply: Reply) -> bool:
    """Whether a 5yz means 4yz."""
    if reply.enhanced == _OUR_QUOTA or _SAYS_THROTTLED.search(reply.text):
        return True
    return phase is Phase.RCPT and reply.code == 552  # RFC 5321 §4.5.3.1.10: treat as 452


def _classify_by_phase(phase: Phase, reply: Reply, detail: str) -> Verdict:
    if phase is not Phase.MAIL:
        return _classify_message_rejection(phase, reply, detail)
    if reply.code == 552:  # SIZE= in MAIL was too much (RFC 1870 §6.1)
        return permanent(detail, FaultKind.MESSAGE)
    return stop_the_run(detail)


def _classify_message_rejection(phase: Phase, reply: Reply, detail: str) -> Verdict:
    """A rejection after our sender was accepted: of recipient, message or our reputation."""
    if reply.enhanced in _NO_SUCH_ADDRESS:
        return permanent(detail, FaultKind.RECIPIENT)
    if reply.enhanced == _MAILBOX_FULL:
        return permanent(detail, FaultKind.MAILBOX)
    if reply.enhanced is not None and reply.enhanced[0] == 6:
        return permanent(detail, FaultKind.MESSAGE)
    if reply.enhanced is not None and reply.enhanced[0] in (2, 4):
        return permanent(detail, FaultKind.MAILBOX)
    if reply.code in (502, 503, 504, 555):  # not about this message
        return stop_the_run(detail)
    return permanent(detail, _fault_by_words(phase, reply))


def _fault_by_words(phase: Phase, reply: Reply) -> FaultKind:
    """For replies without a clear code: by their text, then by RFC 5321."""
    if _SAYS_UNKNOWN.search(reply.text):
        return FaultKind.RECIPIENT
    if _SAYS_FULL.search(reply.text):
        return FaultKind.MAILBOX
    if phase is Phase.BODY and reply.code == 552:
        return FaultKind.MESSAGE
    if reply.code in (554, 571) or _SAYS_POLICY.search(reply.text):
        return FaultKind.POLICY
    return FaultKind.RECIPIENT if phase is Phase.RCPT else FaultKind.POLICY
