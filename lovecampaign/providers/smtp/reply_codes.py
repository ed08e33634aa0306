"""Classifies SMTP replies: what a rejection means for the recipient, for us and for the run.

The map follows RFC 5321, RFC 3463 and what large receivers publish. An address is suppressed only
where codes or words confirm a dead mailbox and no word is about us; a reply that is not understood
fails its delivery alone.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from lovecampaign.core.message import FaultKind
from lovecampaign.providers.base.outcomes import (
    Verdict,
    accepted,
    hold_for_quota,
    hold_for_rate,
    permanent,
    stop_the_run,
    transient,
)
from lovecampaign.providers.smtp.refusal_causes import RefusalCause, find_cause
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

#: Enhanced codes (subject, detail) of an address that does not exist (RFC 3463 §3.2). Not 5.2.1,
#: "mailbox disabled": it may be suspended or full.
_DEAD_MAILBOX = frozenset({(1, 1), (1, 3), (1, 6), (1, 10)})
_MAILBOX_FULL = (2, 2)
#: Beside it, the words of a limit on what we send: hosts say 5.2.2 of that too.
_OF_SENDING = re.compile(
    r"\b(sen[dt]|sending|outgoing|outbound|outmail|submission|relay|daily|hourly|hours?|day|minute)\b",
    re.IGNORECASE,
)
#: Bad destination system; unable to route; routing loop.
_DEAD_DOMAIN = frozenset({(1, 2), (4, 4), (4, 6), (4, 14)})
#: Exchange Online says "Recipient address rejected: Access denied" with it, for want of an address.
_NO_ANSWER = (4, 1)
_TOO_LARGE = frozenset({(2, 3), (3, 4)})
#: Gmail and Workspace: our own daily quota is used up.
_OUR_QUOTA = (4, 5)
#: 5.1.7 and 5.1.8: bad sender address or domain; 5.7.60 (Exchange): may not send as this sender.
_BAD_SENDER = frozenset({(1, 7), (1, 8), (7, 60)})
#: DKIM, SPF, reverse DNS or several of them did not pass (RFC 7372 §3): the receiver's policy, also
#: where the words are "not authenticated".
_FAILED_CHECKS = frozenset((7, detail) for detail in range(20, 27))
#: 530 authentication required, 534 too weak, 535 refused, 538 encryption required (RFC 4954 §6).
_LOGIN_CODES = frozenset({530, 534, 535, 538})
#: Not about a message: unknown command, wrong order, unknown parameter.
_PROTOCOL_CODES = frozenset({502, 503, 504, 555})

_QUEUED_AS = re.compile(r"queued as ([\w.-]+)", re.IGNORECASE)
#: The causes for which a temporary rejection concerns the mailbox.
_ABOUT_MAILBOX = frozenset(
    {
        RefusalCause.RECEIVING_RATE,
        RefusalCause.MAILBOX_FULL,
        RefusalCause.MAILBOX_INACTIVE,
        RefusalCause.DEAD_MAILBOX,
    }
)


def classify_reply(phase: Phase, reply: Reply) -> Verdict:
    """The verdict on a reply that is not the expected one."""
    detail = f"{reply} (to {phase.value})" if phase is not Phase.CONNECT else str(reply)
    is_rate = _cause_of(reply) is RefusalCause.OUR_RATE and reply.code >= 400
    if is_rate or reply.code == 421:  # with 421 the server closes, whatever the message
        return hold_for_rate(detail) if is_rate else transient(detail)
    if is_about_login(phase, reply):
        return stop_the_run(detail)
    if reply.code < 400:
        return transient(f"unexpected reply: {detail}")
    if _is_quota(reply):
        return hold_for_quota(detail)
    if reply.code < 500:
        return transient(detail, _temporary_fault(phase, reply))
    return _classify_rejection(phase, reply, detail)


@lru_cache(maxsize=64)
def accepted_as(reply: Reply) -> Verdict:
    """The verdict on a positive reply after the final dot."""
    match = _QUEUED_AS.search(reply.text)
    return accepted(str(reply), match[1] if match else None)


def is_about_connection(reply: Reply) -> bool:
    """Whether a refusal of MAIL may be gone over a new connection, if this one was used before.

    503: a refused message left its transaction open, as Postfix's end-of-data restrictions do.
    4yz: the server takes so many messages over one connection (OpenSMTPD: 452).
    """
    is_rate = _cause_of(reply) is RefusalCause.OUR_RATE
    return not is_rate and (reply.code == 503 or reply.code // 100 == 4)


def is_about_login(phase: Phase, reply: Reply) -> bool:
    """Whether the server rejects our login, or asks for one."""
    if reply.code in _LOGIN_CODES:
        return True
    if phase is Phase.LOGIN:
        is_account = reply.code >= 400 and _cause_of(reply) is RefusalCause.OUR_SETUP
        return is_account or reply.code >= 500 or reply.code == 454
    # 454 is also how Amazon SES throttles, without the enhanced code.
    return reply.code == 454 and reply.enhanced == (7, 0) and phase is not Phase.STARTTLS


def _is_quota(reply: Reply) -> bool:
    return reply.enhanced == _OUR_QUOTA or _cause_of(reply) is RefusalCause.OUR_QUOTA


def _cause_of(reply: Reply) -> RefusalCause | None:
    """The cause that the words name; "message quota" beside 5.2.2 is the mailbox's."""
    cause = find_cause(reply.text)
    is_mailbox = cause is RefusalCause.OUR_QUOTA and reply.enhanced == _MAILBOX_FULL
    return RefusalCause.MAILBOX_FULL if is_mailbox and not _OF_SENDING.search(reply.text) else cause


def _temporary_fault(phase: Phase, reply: Reply) -> FaultKind:
    """The fault of a temporary rejection."""
    cause = _cause_of(reply)
    if cause in _ABOUT_MAILBOX:
        return FaultKind.MAILBOX
    if cause is RefusalCause.DOMAIN or (cause is None and reply.enhanced in _DEAD_DOMAIN):
        return FaultKind.DESTINATION
    if reply.enhanced is not None:
        is_network = reply.enhanced[0] == 4 and phase is Phase.RCPT
        if is_network and cause is None:  # RFC 3463 §3.5: the way to the domain
            return FaultKind.DESTINATION
        is_mailbox = reply.enhanced[0] == 2 and cause is None
        return FaultKind.MAILBOX if is_mailbox else FaultKind.PROVIDER
    is_mailbox = phase is Phase.RCPT and reply.code == 450 and cause is None
    return FaultKind.MAILBOX if is_mailbox else FaultKind.PROVIDER


def _classify_rejection(phase: Phase, reply: Reply, detail: str) -> Verdict:
    """The verdict on a 5yz reply: what speaks of us comes first, and a dead mailbox last."""
    cause = _cause_of(reply)
    # Before MAIL no message can be rejected.
    speaks_of_setup = cause is RefusalCause.OUR_SETUP and reply.enhanced not in _FAILED_CHECKS
    is_setup = speaks_of_setup or reply.enhanced in _BAD_SENDER
    if phase in _BEFORE_MAIL or is_setup:
        return stop_the_run(detail)
    if cause is RefusalCause.RECEIVING_RATE:
        return transient(detail, FaultKind.MAILBOX)
    if phase is Phase.MAIL:
        return _classify_sender_rejection(reply, cause, detail)
    return _classify_message_rejection(phase, reply, cause, detail)


def _classify_sender_rejection(reply: Reply, cause: RefusalCause | None, detail: str) -> Verdict:
    if reply.enhanced in _TOO_LARGE or reply.code == 552:  # SIZE= was too much (RFC 1870 §6.1)
        return permanent(detail, FaultKind.MESSAGE)
    is_policy = reply.enhanced is not None and reply.enhanced[0] == 7
    if is_policy or cause is RefusalCause.POLICY:
        return permanent(detail, FaultKind.POLICY)
    return stop_the_run(detail)


def _classify_message_rejection(
    phase: Phase, reply: Reply, cause: RefusalCause | None, detail: str
) -> Verdict:
    """A rejection after our sender was accepted: of recipient, message or our reputation."""
    fault = _fault_by_cause(reply, cause)
    if phase is Phase.RCPT and reply.code == 552 and fault in (None, FaultKind.MAILBOX):
        return transient(detail, FaultKind.MAILBOX)  # RFC 5321 §4.5.3.1.10: treat as 452
    if fault is None:
        fault = _fault_by_code(phase, reply)
    if fault is FaultKind.DESTINATION:
        return transient(detail, fault)  # the domain rests, and may be back
    return stop_the_run(detail) if fault is FaultKind.CONFIGURATION else permanent(detail, fault)


def _fault_by_cause(reply: Reply, cause: RefusalCause | None) -> FaultKind | None:
    """The fault that the words name, or a code that is specific enough."""
    match cause:
        case RefusalCause.POLICY:
            # Codes of a mailbox do not count beside words about us.
            return FaultKind.MAILBOX if reply.enhanced == _NO_ANSWER else FaultKind.POLICY
        case RefusalCause.MAILBOX_FULL | RefusalCause.MAILBOX_INACTIVE:
            return FaultKind.MAILBOX
        case RefusalCause.DOMAIN:
            return FaultKind.DESTINATION
        case RefusalCause.DEAD_MAILBOX if reply.enhanced != _MAILBOX_FULL:
            return FaultKind.RECIPIENT
    return None


def _fault_by_code(phase: Phase, reply: Reply) -> FaultKind:
    """For words that are not understood: by the enhanced code, then by RFC 5321."""
    if reply.enhanced is not None:
        fault = _fault_by_enhanced_code(reply.enhanced)
        if fault is not None:
            return fault
    if reply.code in _PROTOCOL_CODES:
        return FaultKind.CONFIGURATION
    if phase is not Phase.RCPT and reply.code == 552:
        return FaultKind.MESSAGE
    if phase is not Phase.RCPT or reply.code in (554, 571):
        return FaultKind.POLICY
    return FaultKind.UNCLEAR


def _fault_by_enhanced_code(enhanced: tuple[int, int]) -> FaultKind | None:
    if enhanced in _DEAD_MAILBOX:
        return FaultKind.RECIPIENT
    if enhanced in _DEAD_DOMAIN:
        return FaultKind.DESTINATION
    if enhanced in _TOO_LARGE or enhanced[0] == 6:
        return FaultKind.MESSAGE
    if enhanced[0] == 7:
        return FaultKind.POLICY
    return FaultKind.MAILBOX if enhanced[0] in (2, 4) else None
