"""What can be looked at of one message? Parts, headers, inbox line, size and links."""

from __future__ import annotations

import email.policy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from lovecampaign.checks.rules.message.message import GMAIL_CLIPS_AT_BYTES
from lovecampaign.core.message import Message
from lovecampaign.web.preview.letter.html import Anchor, Page, read_page

#: Characters that list views leave room for, measured on narrow and on wide windows.
PHONE_SUBJECT, PHONE_SNIPPET = 35, 40
DESKTOP_SUBJECT, DESKTOP_LINE = 70, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedText:
    """A line of which a list view shows only the beginning."""

    shown: str
    hidden: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLine:
    """How a message looks before it is opened."""

    subject: TruncatedText
    #: The preheader, and what of the copy follows it.
    snippet: TruncatedText


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLink:
    """A link of the email."""

    words: str
    address: str
    #: Each reader has their own: it opens nothing for somebody else.
    is_personal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedMessage:
    """One message, ready to be looked at."""

    sender: str
    subject: str
    html: str
    text: str
    #: The whole message as it leaves, with its line ends made plain.
    source: str
    headers: tuple[tuple[str, str], ...]
    phone: InboxLine
    desktop: InboxLine
    html_bytes: int
    message_bytes: int
    links: tuple[MessageLink, ...]
    #: Pictures that other hosts would serve; they are not loaded here.
    distant_pictures: tuple[str, ...]
    #: Changes whenever the HTML does.
    version: str

    @property
    def clip_share(self) -> float:
        """How much of what Gmail shows the HTML takes up; above 1 it is clipped."""
        return self.html_bytes / GMAIL_CLIPS_AT_BYTES


def inspect_message(message: Message, *, public_url: str, media_url: str) -> InspectedMessage:
    """Everything that a page shows of a message."""
    page = read_page(message.html)
    encoded = message.html.encode()
    return InspectedMessage(
        sender=message.sender.name or message.sender.email,
        subject=message.subject,
        html=message.html,
        text=message.text,
        source=message.raw.decode("utf-8", errors="replace").replace("\r\n", "\n"),
        headers=tuple(_headers(message.raw)),
        phone=_phone_line(message.subject, page),
        desktop=_desktop_line(message.subject, page),
        html_bytes=len(encoded),
        message_bytes=len(message.raw),
        links=tuple(_link(anchor, public_url) for anchor in page.anchors),
        distant_pictures=tuple(
            one for one in page.pictures if not one.startswith((media_url + "/", "data:"))
        ),
        version=hashlib.sha256(encoded).hexdigest()[:16],
    )


def truncate(text: str, room: int) -> TruncatedText:
    """What fits, and a little of what does not."""
    return TruncatedText(shown=text[:room], hidden=text[room : room + 60])


def _headers(raw: bytes) -> Iterator[tuple[str, str]]:
    for name, value in BytesHeaderParser(policy=email.policy.default).parsebytes(raw).items():
        yield name, str(value)


def _phone_line(subject: str, page: Page) -> InboxLine:
    return InboxLine(
        subject=truncate(subject, PHONE_SUBJECT), snippet=truncate(page.words, PHONE_SNIPPET)
    )


def _desktop_line(subject: str, page: Page) -> InboxLine:
    """Subject and snippet share one line."""
    shown = truncate(subject, DESKTOP_SUBJECT)
    return InboxLine(subject=shown, snippet=truncate(page.words, DESKTOP_LINE - len(shown.shown)))


def _link(anchor: Anchor, public_url: str) -> MessageLink:
    return MessageLink(
        words=anchor.words,
        address=anchor.address,
        is_personal=anchor.address.startswith(public_url + "/"),
    )
