"""What does a refusal by an SMTP server mean for the person, for us and for the run?

The map follows RFC 5321, RFC 3463 and what large receivers publish; where a reply can be read
two ways, the reading wins that suppresses nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from lovecampaign.core.message import Fault
from lovecampaign.providers.base.outcomes import Verdict, permanent, stop_the_run, transient
from lovecampaign.providers.smtp.smtp_socket import Reply


class Phase(StrEnum):
    """How far the dialogue was when the server spoke."""

    CONNECT = "greeting"
    HELLO = "EHLO"
    STARTTLS = "STARTTLS"
    LOGIN = "login"
    MAIL = "MAIL"  #: our sender address
    RCPT = "RCPT"  #: the recipient's address
    DATA = "DATA"  #: before the first byte of the message
    BODY = "message"  #: after the final dot


_BEFORE_MAIL = frozenset({Phase.CONNECT, Phase.HELLO, Phase.STARTTLS, Phase.LOGIN})

#: Enhanced codes (subject, detail) that say the address is bad for good.
_NO_SUCH_ADDRESS = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1), (4, 4), (6, 7)})
_MAILBOX_FULL = (2, 2)
_TOO_LARGE = frozenset({(2, 3), (3, 4)})
#: Gmail and Workspace: our own daily quota is used up; tomorrow is another day.
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
#: Servers that would not send for us at all: Postfix, Exchange, Gmail, SES, SendGrid.
_SAYS_NOT_OURS = re.compile(
    r"relay(ing)? (access )?(is )?(denied|not permitted)|unable to relay"
    r"|sender address rejected|(identity|address) is not verified|verified sender identity",
    re.IGNORECASE,
)
_SAYS_THROTTLED = re.compile(
    r"throttl|rate (limit )?exceeded|receiving mail at a rate", re.IGNORECASE
)


def classify_reply(phase: Phase, reply: Reply) -> Verdict:
    """The verdict on a reply that was not the hoped-for one."""
    said = f"{reply} (to {phase.value})" if phase is not Phase.CONNECT else str(reply)
    if reply.code == 421:  # the server closes; says nothing about anybody
        return transient(said)
    if _is_about_login(phase, reply):
        return stop_the_run(said)
    if reply.code < 400:
        return transient(f"unexpected reply: {said}")
    if reply.code < 500:
        return transient(said, _fault_for_now(phase, reply))
    return _judge_refusal(phase, reply, said)


@dataclass(slots=True)
class ServerHistory:
    """How we have got on with a server so far, over all connections to it."""

    has_taken_mail: bool = False

    def classify_reply(self, phase: Phase, reply: Reply) -> Verdict:
        """:func:`classify_reply` in the light of it.

        What is about us as a whole where it meets the first recipient is about this one where the
        server has taken mail for others: the run must not stop at the same person for ever.
        """
        verdict = classify_reply(phase, reply)
        is_about_us = phase is not Phase.RCPT or _is_about_login(phase, reply)
        if verdict.fault is not Fault.CONFIGURATION or is_about_us:
            return verdict
        if self.has_taken_mail and reply.code >= 500:
            return permanent(verdict.detail, Fault.POLICY)
        return replace(verdict, is_about_one=True)


def _is_about_login(phase: Phase, reply: Reply) -> bool:
    if reply.code in _LOGIN_CODES:
        return True
    if phase is Phase.LOGIN:
        return reply.code >= 500 or reply.code == 454
    # 454 is also how Amazon SES throttles, without the enhanced code.
    return reply.code == 454 and reply.enhanced == (7, 0) and phase is not Phase.STARTTLS


def _fault_for_now(phase: Phase, reply: Reply) -> Fault:
    """Whose doing a refusal is that may be gone in a while."""
    if reply.enhanced is not None:
        return Fault.MAILBOX if reply.enhanced[0] == 2 else Fault.PROVIDER
    return Fault.MAILBOX if phase is Phase.RCPT and reply.code == 450 else Fault.PROVIDER


def _judge_refusal(phase: Phase, reply: Reply, said: str) -> Verdict:
    # Before MAIL no message was shown yet, so none can be refused.
    if phase in _BEFORE_MAIL or _refuses_our_sender(reply):
        return stop_the_run(said)
    if _is_only_for_now(phase, reply):
        is_mailbox = phase is Phase.RCPT and reply.enhanced != _OUR_QUOTA
        return transient(said, Fault.MAILBOX if is_mailbox else Fault.PROVIDER)
    if reply.enhanced in _TOO_LARGE:
        return permanent(said, Fault.MESSAGE)
    if reply.enhanced is not None and reply.enhanced[0] == 7:
        return permanent(said, Fault.POLICY)
    return _judge_by_phase(phase, reply, said)


def _refuses_our_sender(reply: Reply) -> bool:
    return reply.enhanced in _BAD_SENDER or _SAYS_NOT_OURS.search(reply.text) is not None


def _is_only_for_now(phase: Phase, reply: Reply) -> bool:
    """A 5yz that means 4yz."""
    if reply.enhanced == _OUR_QUOTA or _SAYS_THROTTLED.search(reply.text):
        return True
    return phase is Phase.RCPT and reply.code == 552  # RFC 5321 §4.5.3.1.10: treat as 452


def _judge_by_phase(phase: Phase, reply: Reply, said: str) -> Verdict:
    if phase is not Phase.MAIL:
        return _judge_message(phase, reply, said)
    if reply.code == 552:  # SIZE= in MAIL was too much (RFC 1870 §6.1)
        return permanent(said, Fault.MESSAGE)
    return stop_the_run(said)


def _judge_message(phase: Phase, reply: Reply, said: str) -> Verdict:
    """A refusal after our sender was taken: about the person, the message or our standing."""
    if reply.enhanced in _NO_SUCH_ADDRESS:
        return permanent(said, Fault.RECIPIENT)
    if reply.enhanced == _MAILBOX_FULL:
        return permanent(said, Fault.MAILBOX)
    if reply.enhanced is not None and reply.enhanced[0] == 6:
        return permanent(said, Fault.MESSAGE)
    if reply.enhanced is not None and reply.enhanced[0] in (2, 4):
        return permanent(said, Fault.MAILBOX)
    if reply.code in (502, 503, 504, 555):  # we and the server do not understand each other
        return stop_the_run(said)
    return permanent(said, _fault_by_words(phase, reply))


def _fault_by_words(phase: Phase, reply: Reply) -> Fault:
    """For replies without a telling code: their words first, then what RFC 5321 means by them."""
    if _SAYS_UNKNOWN.search(reply.text):
        return Fault.RECIPIENT
    if _SAYS_FULL.search(reply.text):
        return Fault.MAILBOX
    if phase is Phase.BODY and reply.code == 552:
        return Fault.MESSAGE
    if reply.code in (554, 571) or _SAYS_POLICY.search(reply.text):
        return Fault.POLICY
    return Fault.RECIPIENT if phase is Phase.RCPT else Fault.POLICY
