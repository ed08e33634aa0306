"""Reads incoming mail: headers, parts and their text, whatever state they are in.

Mail is data of strangers: sizes are cut before parsing, and unknown charsets are read as far as
they go.
"""

from __future__ import annotations

import codecs
import hashlib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as EmailMessage
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime

from lovecampaign.delivery.inbox.sorting.addresses import header_address

#: Bytes that are parsed: reports and letters begin with their words, attachments come last.
MAX_PARSED = 1 << 19
_MAX_HEADER = 10_000
_MAX_PARTS = 200
_FIRST_YEAR = 2000
#: Characters of one part that are read.
MAX_TEXT = 100_000
#: No charsets of mail; Python's decoders of the first two take quadratic time.
_BANNED = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})
#: ``iso-8859-8-i`` (RFC 1556): Python lacks it before 3.14.
_DIRECTED = re.compile(r"-[ei]$")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_MBOX_LINE = re.compile(rb"From [^\r\n]*\r?\n")
_IGNORED_START = re.compile(r"(?i)<(style|script|title|head)\b|<!--")
_LINE_ENDS = re.compile(r"(?i)<(?:br|/p|/div|/tr|/h[1-6]|/li)\b[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
_REPORT_TYPES = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
        "message/global-disposition-notification",
    }
)
#: As :class:`MailPart` names them.
STATUS_TYPES = frozenset({"text/x-delivery-status", "text/x-global-delivery-status"})
FEEDBACK_TYPE = "text/x-feedback-report"
#: Parts that hold a mail, or its header alone.
RETURNED_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
        "text/rfc822-headers",
        "text/rfc822-header",
    }
)


class MailPart(EmailMessage):
    """A part; those of reports are text to Python's parser.

    It makes a message of each paragraph of a ``message/delivery-status`` (a second for 200,000
    empty lines), but one of the whole of a ``message/global-delivery-status``.
    """

    def get_content_type(self) -> str:
        kind = super().get_content_type()
        return kind.replace("message/", "text/x-") if kind in _REPORT_TYPES else kind


class Unreadable(Exception):
    """Bytes that are no mail."""


class IncomingMail:
    """A mail with its parts; header names in lower case."""

    def __init__(self, raw: bytes, limit: int = MAX_PARSED) -> None:
        """``limit``: the bytes that are parsed. Raises Unreadable."""
        raw = raw[:limit]
        raw = raw[match.end() :] if (match := _MBOX_LINE.match(raw)) else raw.lstrip(b"\r\n")
        try:
            self._root: EmailMessage = BytesParser(MailPart, policy=compat32).parsebytes(raw)
            self.parts: Sequence[EmailMessage] = tuple(_walk(self._root))
        # RecursionError: nested too deep. The others are faults of Python's parser, which has some.
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise Unreadable(str(error)) from error
        self.raw = raw
        self.headers = read_headers(self._root)
        if not self.headers:
            raise Unreadable("no header fields")

    def first(self, name: str) -> str:
        """A header's first value, unfolded and decoded; '' where it is missing."""
        return self.headers.get(name, ("",))[0]

    def all(self, *names: str) -> Iterator[str]:
        for name in names:
            yield from self.headers.get(name, ())

    def mailbox(self, name: str) -> tuple[str, str]:
        """Display name and address of a header's first mailbox, '' where it has none.

        Split before it is decoded: an encoded name may hold commas and addresses.
        """
        value = " ".join(str(self._root.get(name, ""))[:_MAX_HEADER].split())
        for display, address in getaddresses([value]):
            if "@" in address:
                return header_text(display), header_text(address).strip("<> ")
        return "", header_address(self.first(name))

    @property
    def subject(self) -> str:
        return self.first("subject")

    @property
    def content_type(self) -> str:
        return self._root.get_content_type()

    def sent_at(self) -> datetime | None:
        """When the last server took it, else when it says it was written."""
        received = self.first("received").rpartition(";")[2]
        for value in (received, self.first("date")):
            try:
                found = parsedate_to_datetime(value.strip()[:100])
            except (ValueError, TypeError, IndexError, OverflowError):
                continue
            try:
                instant = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
            except OverflowError:
                continue
            if instant.year >= _FIRST_YEAR:
                return instant
        return None

    def identity(self) -> str:
        """A hash of what no server on the way changes: with an id its head, else all its words."""
        head = [self.first(name) for name in ("message-id", "from", "date", "subject")]
        words = b"" if head[0] else _HEADER_END.split(self.raw, 1)[-1]
        return digest("\n".join(head).encode("utf-8", "replace") + words)

    def body_text(self) -> str:
        """The first part with text, also as an attachment."""
        return next((text for part in self.parts if (text := _plain_text(part)).strip()), "")

    def report_words(self) -> str:
        """The text before a returned mail: of all parts up to it."""
        texts = []
        for part in self.parts:
            if part.get_content_type() in RETURNED_TYPES:
                break
            texts.append(_plain_text(part))
        return "\n".join(texts)[:MAX_TEXT]

    def returned_headers(self) -> Iterator[Mapping[str, Sequence[str]]]:
        """Header fields of mails that this one returns or forwards."""
        for part in self.parts:
            if part.get_content_type() not in RETURNED_TYPES:
                continue
            payload = part.get_payload()
            if isinstance(payload, list):
                yield from (read_headers(one) for one in payload if isinstance(one, EmailMessage))
            else:
                text = part_text(part).encode("utf-8", "replace")
                yield read_headers(BytesParser(policy=compat32).parsebytes(text, headersonly=True))


def digest(raw: bytes) -> str:
    """32 hexadecimal digits."""
    return hashlib.blake2b(raw[:MAX_PARSED], digest_size=16).hexdigest()


def read_headers(part: EmailMessage) -> Mapping[str, Sequence[str]]:
    """Values by name in lower case; the first hundred of each name."""
    found: dict[str, list[str]] = {}
    for name, value in part.raw_items():  # the others replace bytes beyond ASCII
        values = found.setdefault(str(name).lower(), [])
        if len(values) < 100:
            values.append(header_text(str(value)[:_MAX_HEADER]))
    return found


def header_text(value: str) -> str:
    """Unfolded, RFC 2047 words decoded: ``policy.default`` breaks names inside of them."""
    plain = " ".join(value.split())
    if "=?" not in plain:
        return (
            plain.encode("ascii", "surrogateescape").decode("utf-8", "replace")
            if (not plain.isascii() and _is_surrogate(plain))
            else plain
        )
    try:
        pieces = decode_header(plain)
    except (HeaderParseError, ValueError):
        return plain
    return " ".join(
        "".join(
            piece if isinstance(piece, str) else decode(piece, charset or "ascii")
            for piece, charset in pieces
        ).split()
    )


def _is_surrogate(text: str) -> bool:
    return all(char.isascii() or "\udc80" <= char <= "\udcff" for char in text)


def decode(raw: bytes, charset: str) -> str:
    """Text in a charset that may be unknown or wrong; never raises."""
    name = _DIRECTED.sub("", charset.strip("'\" ").lower().replace("_", "-"))
    for one in (name, "utf-8"):
        try:
            if one and one not in _BANNED and codecs.lookup(one).name not in _BANNED:
                return raw.decode(one, "strict" if one == "utf-8" else "replace")
        except (LookupError, ValueError):
            continue
    return raw.decode("cp1252", "replace")


def part_text(part: EmailMessage) -> str:
    """The text of a part that has no parts itself, with LF line ends."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return ""
    try:
        raw = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        raw = str(payload).encode("utf-8", "replace")
    if not isinstance(raw, bytes):
        return ""
    try:
        charset = str(part.get_content_charset() or "utf-8")
    except (LookupError, ValueError):
        charset = "utf-8"
    text = decode(raw[: 4 * MAX_TEXT], charset)[:MAX_TEXT]
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _plain_text(part: EmailMessage) -> str:
    """The text of a text part, or of an unreadable multipart: its parser left the source there."""
    kind = part.get_content_type()
    if kind == "text/html":
        return html_text(part_text(part))
    is_text = kind.startswith("text/") and kind not in RETURNED_TYPES and "/x-" not in kind
    return part_text(part) if is_text or kind.startswith("multipart/") else ""


def html_text(markup: str) -> str:
    """The words of HTML, a line for each block."""
    words = " ".join(_shown_markup(" ".join(markup.split())))
    text = _TAG.sub("", _LINE_ENDS.sub("\n", words))
    lines = (" ".join(line.split()) for line in html.unescape(text).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _shown_markup(markup: str) -> Iterator[str]:
    """HTML without styles, scripts and comments; in linear time, also where none is closed."""
    start = 0
    while found := _IGNORED_START.search(markup, start):
        yield markup[start : found.start()]
        closing = f"</{found[1]}" if found[1] else "-->"
        end = re.compile(re.escape(closing), re.IGNORECASE).search(markup, found.end())
        if end is None:
            return
        start = end.end()
    yield markup[start:]


def _walk(root: EmailMessage) -> Iterator[EmailMessage]:
    """All parts in order; iterative, as ``walk`` recurses once for each level."""
    waiting = [root]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting.extend(one for one in reversed(payload) if isinstance(one, EmailMessage))
