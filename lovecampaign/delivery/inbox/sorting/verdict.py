"""The verdict on a report: hard, soft or delayed.

The same table of phrases and codes that judges replies while sending: ``Action: failed`` alone
says only that a server stopped trying, and most bounces of a real set are about the sender.
"""

from __future__ import annotations

import re

from lovecampaign.core.message import FaultKind
from lovecampaign.delivery.inbox.sorting.kinds import MailKind, Report
from lovecampaign.delivery.inbox.sorting.status_report import RULE, find_status
from lovecampaign.providers.smtp.refusal_causes import RefusalCause, find_cause
from lovecampaign.providers.smtp.reply_codes import Phase, classify_reply
from lovecampaign.providers.smtp.smtp_socket import Reply

_CODE = re.compile(r"(?<![\d.])([245]\d\d)(?=[\s:,\-]|$)")
_REPEATED = re.compile(
    r"(?<![\d.])[245]\d\d[ -](?=#?[245]\.\d|$)|(?<![\d.])#?[245]\.\d{1,3}\.\d{1,3}(?![\d.])"
)
_DELIVERED = frozenset({"delivered", "relayed", "expanded", "deliverable"})
#: The server gave up after trying for days: the code is that of the last try, or of the giving up.
_GAVE_UP = re.compile(
    r"(?i)(too long|expired|retry time|timed? ?out|delivery time|gave up|unable to deliver in"
    r"|connection refused|, try again|temporar|lookup fail|could not be delivered for|give up"
    r"|will be deleted from queue)"
)
#: Exim found no route: it keeps mail where the DNS gives no answer.
_UNROUTABLE = re.compile(r"(?i)unroute?able address")
#: The DNS has answered, whatever the code says: Gmail's is 4.0.0.
_NO_SUCH_DOMAIN = re.compile(r"(?i)\bNXDOMAIN\b|(?<!or )\bdomain name not found\b")
#: Codes of mailboxes and domains that never take mail (RFC 3463, RFC 7504, RFC 7505).
_NEVER = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.3.2", "5.4.4", "5.4.310"})
_NO_MAIL_CODES = frozenset({521, 556})
#: Yahoo looks for the mailbox after DATA only.
_LATE_LOOKUP = re.compile(r"(?i)this user doesn't have an? \S+ account")
_BARE = re.compile(r"(?i)\b(user unknown|unknown user(?!:)|mailbox unavailable|invalid address)\b")
_RESTING = re.compile(
    r"(?i)\b(user|account|mailbox|recipient|domain)\b.{0,30}\b(disabled|inactive|suspended"
    r"|deactivated"
    r"|terminated|locked)\b(?! or disc)"
)
#: The answers to RCPT of Postfix's and Microsoft's directories of recipients, and IronPort's.
_NO_RECIPIENT = re.compile(
    r"(?i)recipient address rejected: access denied|^#?(?:5\.1\.0 )?address rejected\.?$"
)
#: Of Microsoft, an address that does not exist; of others, anything.
_UNAVAILABLE = re.compile(
    r"(?i)^requested action not taken: mailbox unavailable\s*(?:\([\w:-]+\).*)?$"
)
_MICROSOFT = re.compile(r"(?i)@(?:hotmail|outlook|live|msn)\.|\(S\d{10}\)|protection\.outlook\.com")
MAX_DIAGNOSTIC = 1_000


def judge(report: Report) -> tuple[MailKind, FaultKind | None]:
    """The kind of a report, and the fault behind it."""
    if report.action in _DELIVERED or report.status.startswith("2."):
        return MailKind.AUTOMATIC, None
    if report.action == "complained":
        return MailKind.COMPLAINT, None
    if report.action == "delayed":
        return MailKind.DELAYED, None
    fault = _fault(report)
    is_hard = fault is FaultKind.RECIPIENT
    return (MailKind.BOUNCE_HARD if is_hard else MailKind.BOUNCE_SOFT), fault


def status_of(report: Report) -> str:
    """The most exact status code: servers repeat the remote one in the words."""
    said = find_status(report.diagnostic)
    return said if said and not said.endswith(".0.0") else report.status or said


def _fault(report: Report) -> FaultKind:
    text = report.diagnostic[:MAX_DIAGNOSTIC]
    status = status_of(report)
    code = _CODE.search(text)
    words = _REPEATED.sub(" ", text[code.end() :] if code else text).strip(" -:#")
    number = int(code[1]) if code else 0
    cause = find_cause(words) if words else None
    is_temporary = (number or (int(status[0]) if status else 5) * 100) < 500
    is_denied = _NO_SUCH_DOMAIN.search(words) is not None
    if not is_denied and (is_temporary or (cause is None and _GAVE_UP.search(words))):
        return _temporary_fault(cause)
    is_dead_domain = cause is RefusalCause.DOMAIN or bool(_UNROUTABLE.search(words))
    if is_denied or number in _NO_MAIL_CODES or (is_dead_domain and not _GAVE_UP.search(words)):
        return FaultKind.RECIPIENT
    if status in _NEVER and cause in (None, RefusalCause.DOMAIN):
        return FaultKind.RECIPIENT
    if _is_no_recipient(report, words):
        return FaultKind.RECIPIENT
    verdict = classify_reply(
        Phase.RCPT, Reply(code=number or 550, lines=(f"{status} {words}".strip(),))
    )
    fault = verdict.fault or FaultKind.UNCLEAR
    if fault is FaultKind.RECIPIENT and _is_filter(report, status, words):
        return FaultKind.UNCLEAR
    return fault


def _is_no_recipient(report: Report, words: str) -> bool:
    if _UNAVAILABLE.match(words):
        is_theirs = _MICROSOFT.search(f"{report.email} {report.diagnostic}")
        return report.command in ("RCPT", "") and is_theirs is not None
    return report.command != "DATA" and _NO_RECIPIENT.search(words) is not None


def _temporary_fault(cause: RefusalCause | None) -> FaultKind:
    if cause in _ABOUT_MAILBOX:
        return FaultKind.MAILBOX
    is_about_them = cause in (None, RefusalCause.DOMAIN)
    return FaultKind.DESTINATION if is_about_them else FaultKind.PROVIDER


_ABOUT_MAILBOX = frozenset(
    {
        RefusalCause.RECEIVING_RATE,
        RefusalCause.MAILBOX_FULL,
        RefusalCause.MAILBOX_INACTIVE,
        RefusalCause.DEAD_MAILBOX,
    }
)


def _is_filter(report: Report, status: str, words: str) -> bool:
    """Whether "unknown user" may be a filter's answer, as carriers in Japan give it.

    They accept the recipient and reject after DATA, or say "mailbox disabled" (5.2.1) in the code.
    The bare words count as the answer to RCPT, or with a code that says the same. A disabled
    account may come back.
    """
    if status.startswith("5.2.") or report.command == RULE:
        return True
    if status in _NEVER or status.startswith("5.1."):
        return False
    if _RESTING.search(words):
        return True
    if report.command == "DATA":
        return not _LATE_LOOKUP.search(words)
    is_in_doubt = bool(report.command) or report.email.lower().endswith(".jp")
    return report.command != "RCPT" and is_in_doubt and bool(_BARE.search(words))
