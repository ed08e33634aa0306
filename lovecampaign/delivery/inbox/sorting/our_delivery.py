"""The ids in incoming mail that may name a delivery of ours.

Our messages carry their token in Message-ID, X-Lovecampaign-Delivery and the mailto: of
List-Unsubscribe (``render/mime/headers.py``), and in the envelope sender where it has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lovecampaign.core.tokens import OLD_TOKEN_LENGTH, TOKEN_LENGTH
from lovecampaign.delivery.inbox.sorting.parse import IncomingMail

_TOKEN = rf"(?:[\w-]{{{TOKEN_LENGTH}}}|[\w-]{{{OLD_TOKEN_LENGTH}}})"
_TAGGED = re.compile(rf"\+({_TOKEN})@", re.ASCII)
_MESSAGE_ID = re.compile(rf"<\s*({_TOKEN})@", re.ASCII)
_WHOLE = re.compile(_TOKEN, re.ASCII)
#: In raw mail too: a broken report still has its lines.
_IN_SOURCE = re.compile(
    rb"(?im)^[ \t>]*(?:X-Lovecampaign-Delivery:[ \t]*([\w-]{22,32})(?![\w-])"
    rb"|Message-ID:\s{0,3}<\s*([\w-]{22,32})@)"
)
_IN_SUBJECT = re.compile(rf"(?i)^\s*(?:\w{{2,3}}:\s*)?unsubscribe[\s_+]+({_TOKEN})\s*$", re.ASCII)
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_MAX_FOUND = 10


def find_tokens(mail: IncomingMail) -> tuple[str, ...]:
    """Tokens in the order of their reliability; most mail has none."""
    found = dict.fromkeys(token for token in _all(mail) if _WHOLE.fullmatch(token))
    return tuple(found)[:_MAX_FOUND]


def unsubscribe_token(mail: IncomingMail) -> str:
    """The token of a mail to the address in List-Unsubscribe; '' for other mail."""
    found = _IN_SUBJECT.match(mail.subject)
    return found[1] if found else ""


def answers_ours(mail: IncomingMail) -> bool:
    """Whether In-Reply-To or References have an id of the form of ours."""
    return any(_MESSAGE_ID.search(value) for value in mail.all("in-reply-to", "references"))


def _all(mail: IncomingMail) -> Iterator[str]:
    for value in mail.all(*_ENVELOPE, "to", "cc"):
        yield from _TAGGED.findall(value)
    if token := unsubscribe_token(mail):
        yield token
    for headers in mail.returned_headers():
        yield from headers.get("x-lovecampaign-delivery", ())
        for value in headers.get("message-id", ()):
            yield from _MESSAGE_ID.findall(value)
    for value in mail.all("in-reply-to", "references", "original-message-id"):
        yield from reversed(_MESSAGE_ID.findall(value))
    own = _MESSAGE_ID.findall(mail.first("message-id"))
    for in_header, in_id in _IN_SOURCE.findall(mail.raw):
        token = (in_header or in_id).decode("ascii")
        if token not in own:
            yield token
