"""Sorts incoming mail by kind; pure: bytes in, facts out.

Whatever a stranger sends has a kind: mail that cannot be read is ``unreadable``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lovecampaign.core.message import FaultKind
from lovecampaign.delivery.inbox.sorting.addresses import header_address, typed_address
from lovecampaign.delivery.inbox.sorting.automatic import is_automatic
from lovecampaign.delivery.inbox.sorting.kinds import MailKind, Report, SortedMail
from lovecampaign.delivery.inbox.sorting.letter_parts import (
    letter_html,
    letter_text,
    read_attachments,
)
from lovecampaign.delivery.inbox.sorting.our_delivery import find_tokens, unsubscribe_token
from lovecampaign.delivery.inbox.sorting.parse import (
    FEEDBACK_TYPE,
    IncomingMail,
    Unreadable,
    digest,
    part_text,
)
from lovecampaign.delivery.inbox.sorting.quoted import own_words
from lovecampaign.delivery.inbox.sorting.status_report import read_reports
from lovecampaign.delivery.inbox.sorting.stop import says_stop
from lovecampaign.delivery.inbox.sorting.text_report import (
    describe,
    find_recipient,
    read_text_reports,
)
from lovecampaign.delivery.inbox.sorting.text_report import own_words as report_words
from lovecampaign.delivery.inbox.sorting.verdict import MAX_DIAGNOSTIC, judge, status_of

#: Not a subscriber's complaint: "this is no spam", and reports on authentication (RFC 6591).
_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure", "dmarc", "dkim"})
#: Outlook.com's reports (JMRP) are mail from before ARF: the returned mail has this field.
_BY_MICROSOFT = "x-hmxmroriginalrecipient"
_MESSAGE_ID = re.compile(r"<[^<>]{1,500}>")
_MAX_IDS = 50
_BY_PEOPLE = (MailKind.LETTER, MailKind.UNSUBSCRIBE)
_ORDER = (
    MailKind.COMPLAINT,
    MailKind.BOUNCE_HARD,
    MailKind.BOUNCE_SOFT,
    MailKind.DELAYED,
    MailKind.AUTOMATIC,
)


def sort_mail(raw: bytes) -> SortedMail:
    """The kind of a mail, and what it says of a delivery."""
    try:
        mail = IncomingMail(raw)
        found = _sort(mail)
        return _with_parts(found, mail, raw) if found.kind in _BY_PEOPLE else found
    except (Unreadable, RecursionError):
        return SortedMail(kind=MailKind.UNREADABLE, key=digest(raw))


def _sort(mail: IncomingMail) -> SortedMail:
    feedback = [part for part in mail.parts if part.get_content_type() == FEEDBACK_TYPE]
    if feedback:
        return _complaint(mail, part_text(feedback[0]))
    if any(_BY_MICROSOFT in headers for headers in mail.returned_headers()):
        return _complaint(mail, "")
    reports = read_reports(mail)
    if not reports and not _asks_to_unsubscribe(mail):
        reports = read_text_reports(mail)
    return _bounce(mail, reports) if reports else _answer(mail)


def _asks_to_unsubscribe(mail: IncomingMail) -> bool:
    """Whether a mail program did what the ``mailto:`` of List-Unsubscribe says."""
    return bool(unsubscribe_token(mail)) or "x-apple-unsubscribe" in mail.headers


def _complaint(mail: IncomingMail, source: str) -> SortedMail:
    fields = {
        name.strip().lower(): value.strip()
        for name, found, value in (line.partition(":") for line in source.splitlines())
        if found
    }
    kind = fields.get("feedback-type", "abuse").lower()
    named = (
        typed_address(fields.get(one, "")) for one in ("original-rcpt-to", "removal-recipient")
    )
    email = next((one for one in named if one), "")
    for headers in () if email else mail.returned_headers():
        values = [*headers.get(_BY_MICROSOFT, ()), *headers.get("to", ())]
        email = next((one for value in values if (one := header_address(value))), email)
    return _facts(
        mail,
        MailKind.AUTOMATIC if kind in _NO_COMPLAINTS else MailKind.COMPLAINT,
        email=email,
        diagnostic=f"feedback: {kind}"[:MAX_DIAGNOSTIC],
    )


def _bounce(mail: IncomingMail, reports: Sequence[Report]) -> SortedMail:
    """By the most serious report: our messages have one recipient each."""
    complete = [_with_words(mail, report) for report in reports]
    judged = [(*judge(report), report) for report in complete]
    kind, fault, report = min(judged, key=lambda one: _ORDER.index(one[0]))
    return _facts(
        mail,
        kind,
        email=report.email or find_recipient(mail, report_words(mail)),
        status=status_of(report),
        diagnostic=report.diagnostic[:MAX_DIAGNOSTIC],
        fault=fault,
    )


def _answer(mail: IncomingMail) -> SortedMail:
    """A mail that is no report: a person's, or a program's."""
    _, email = mail.mailbox("from")
    if _asks_to_unsubscribe(mail):
        return _facts(mail, MailKind.UNSUBSCRIBE, email=email, is_by_address=True)
    text = own_words(letter_text(mail))
    if is_automatic(mail, text):
        return _facts(mail, MailKind.AUTOMATIC, email=email)
    kind = MailKind.UNSUBSCRIBE if says_stop(text, mail.subject) else MailKind.LETTER
    return _facts(mail, kind, email=email, text=text)


def _facts(  # noqa: PLR0913 -- the fields of its result
    mail: IncomingMail,
    kind: MailKind,
    *,
    email: str = "",
    status: str = "",
    diagnostic: str = "",
    fault: FaultKind | None = None,
    text: str = "",
    is_by_address: bool = False,
) -> SortedMail:
    return SortedMail(
        kind=kind,
        key=mail.identity(),
        email=email,
        status=status,
        diagnostic=diagnostic,
        fault=fault,
        tokens=find_tokens(mail),
        text=text,
        subject=mail.subject,
        message_id=_ids(mail, "message-id"),
        sent_at=mail.sent_at(),
        is_reply=bool(mail.first("in-reply-to") or mail.first("references")),
        is_by_address=is_by_address,
    )


def _with_parts(found: SortedMail, mail: IncomingMail, raw: bytes) -> SortedMail:
    """A letter with all that an answer to it needs."""
    name, address = mail.mailbox("from")
    _, reply_to = mail.mailbox("reply-to")
    return replace(
        found,
        from_name=name,
        reply_to=reply_to or address,
        to_address=mail.mailbox("to")[1],
        references=_ids(mail, "references") or _ids(mail, "in-reply-to"),
        html=letter_html(mail),
        attachments=read_attachments(mail, raw),
    )


def _ids(mail: IncomingMail, name: str) -> str:
    """Message ids of a header field; folding leaves blanks inside of them."""
    found = _MESSAGE_ID.findall(mail.first(name))
    return " ".join("".join(one.split()) for one in (*found[:1], *found[1:][-_MAX_IDS:]))


def _with_words(mail: IncomingMail, report: Report) -> Report:
    """The report; where it has no words of the server, with those of the text beside it."""
    if report.diagnostic or report.action not in ("failed", ""):
        return report
    words = describe(report_words(mail), report.email)
    return replace(report, diagnostic=words)
