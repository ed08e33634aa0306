"""A rendered message, prepared for the preview: parts, headers, inbox line, size and links."""

from __future__ import annotations

import email.policy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from html import unescape

from lovecampaign.checks.rules.message.message import GMAIL_CLIPS_AT_BYTES
from lovecampaign.core.message import Message
from lovecampaign.render.markup.scanner import EndTag, StartTag, Text
from lovecampaign.web.html import attributes_of, read_html

#: Characters that list views show, measured in narrow and in wide windows.
PHONE_SUBJECT, PHONE_SNIPPET = 35, 40
DESKTOP_SUBJECT, DESKTOP_LINE = 70, 120
_HIDDEN = frozenset({"head", "style", "script", "title"})
#: Tags inside a sentence; every other one ends a word.
_INLINE = frozenset(
    {"a", "b", "em", "font", "i", "img", "small", "span", "strong", "sub", "sup", "u"}
)
#: Fillers that keep a client from showing the text after the preheader.
_FILLERS = dict.fromkeys(map(ord, "\u034f\u00ad\u200b\u200c\u200d\u2007\ufeff"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedText:
    """A text of which a list view shows only the beginning."""

    shown: str
    hidden: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLine:
    """A message in the list view of a mail client."""

    subject: TruncatedText
    #: The preheader, and the start of the copy after it.
    snippet: TruncatedText


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLink:
    words: str
    address: str
    #: Signed for one subscriber.
    is_personal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlContent:
    """What the HTML part shows."""

    #: All words, hidden preheader first, with single spaces.
    words: str
    #: Target and words of each link.
    links: Sequence[tuple[str, str]]
    #: URLs of images, each once.
    images: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedMessage:
    """One message and all that its page shows."""

    sender: str
    subject: str
    html: str
    text: str
    #: The raw message, with plain line ends.
    source: str
    headers: Sequence[tuple[str, str]]
    phone: InboxLine
    desktop: InboxLine
    html_bytes: int
    message_bytes: int
    links: Sequence[MessageLink]
    #: Images from other hosts, which are not loaded here.
    distant_pictures: Sequence[str]
    #: A hash of the HTML.
    version: str

    @property
    def clip_share(self) -> float:
        """Size of the HTML as a share of Gmail's limit; clipped above 1."""
        return self.html_bytes / GMAIL_CLIPS_AT_BYTES


def inspect_message(message: Message, *, public_url: str, media_url: str) -> InspectedMessage:
    """Everything that a page shows of a message."""
    content = read_content(message.html)
    encoded = message.html.encode()
    headers = BytesHeaderParser(policy=email.policy.default).parsebytes(message.raw)
    desktop_subject = truncate(message.subject, DESKTOP_SUBJECT)
    desktop_room = DESKTOP_LINE - len(desktop_subject.shown)  # subject and snippet share a line
    return InspectedMessage(
        sender=message.sender.name or message.sender.email,
        subject=message.subject,
        html=message.html,
        text=message.text,
        source=message.raw.decode("utf-8", errors="replace").replace("\r\n", "\n"),
        headers=tuple((name, str(value)) for name, value in headers.items()),
        phone=InboxLine(
            subject=truncate(message.subject, PHONE_SUBJECT),
            snippet=truncate(content.words, PHONE_SNIPPET),
        ),
        desktop=InboxLine(subject=desktop_subject, snippet=truncate(content.words, desktop_room)),
        html_bytes=len(encoded),
        message_bytes=len(message.raw),
        links=tuple(
            MessageLink(words=words, address=url, is_personal=url.startswith(public_url + "/"))
            for url, words in content.links
        ),
        distant_pictures=tuple(
            url for url in content.images if not url.startswith((media_url + "/", "data:"))
        ),
        version=hashlib.sha256(encoded).hexdigest()[:16],
    )


def truncate(text: str, room: int) -> TruncatedText:
    """The part that fits, and a little of the rest."""
    return TruncatedText(shown=text[:room], hidden=text[room : room + 60])


def read_content(html: str) -> HtmlContent:
    """Words, links and images of an email's HTML; nothing in it is an error."""
    words: list[str] = []
    links: list[tuple[str, list[str]]] = []
    images: list[str] = []
    hidden_in: list[str] = []
    link_words: list[str] = []  # of no link
    for piece in read_html(html):
        if isinstance(piece, Text) and not hidden_in:
            text = piece.data if piece.raw_in else unescape(piece.data)
            words.append(text)
            link_words.append(text)
        elif isinstance(piece, StartTag):
            attributes = attributes_of(piece)
            if piece.name in _HIDDEN:
                hidden_in.append(piece.name)
            elif piece.name == "a" and attributes.get("href"):
                link_words = []
                links.append((attributes["href"], link_words))
            elif piece.name == "img":
                images.extend(filter(None, [attributes.get("src")]))
                link_words.append(attributes.get("alt", ""))
        elif isinstance(piece, EndTag) and piece.name in hidden_in:
            hidden_in.remove(piece.name)
        elif isinstance(piece, EndTag) and piece.name == "a":
            link_words = []
        if isinstance(piece, StartTag | EndTag) and piece.name not in _INLINE:
            words.append(" ")
    return HtmlContent(
        words=_normalise("".join(words)),
        links=[(url, _normalise("".join(text))) for url, text in links],
        images=list(dict.fromkeys(images)),
    )


def _normalise(text: str) -> str:
    return " ".join(text.translate(_FILLERS).split())
