"""The parts of a letter: its words, its HTML and the files that came with it."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from email.message import Message as EmailMessage

from lovecampaign.delivery.inbox.sorting.kinds import Attachment
from lovecampaign.delivery.inbox.sorting.parse import (
    MAX_PARSED,
    MAX_TEXT,
    IncomingMail,
    Unreadable,
    header_text,
    html_text,
    part_text,
)

#: Bytes of a mail that are read, for its attachments: the largest that Gmail sends is 25 MB.
MAX_MAIL = 10 << 20
#: Bytes of one attachment that are kept; of a larger one its name and size.
MAX_ATTACHMENT = 5 << 20
_MAX_ATTACHMENTS = 50
#: Base64 of the largest mail has half of it; more are parsed only as far as all mail is.
_MAX_LINES = 300_000
_MAX_NAME = 150
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}", re.ASCII)
_WORDS = ("text/plain", "text/html")
#: How the mail programs begin what they quote in HTML.
_QUOTE_IN_HTML = re.compile(
    r"""(?i)<[^<>]*(?:class=["']?(?:gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix"""
    r"""|protonmail_quote)|id=["']?(?:appendonsend|divRplyFwdMsg|replySplit|mail-editor-reference)"""
    r"""|border-top:\s*solid #(?:E1E1E1|B5C4DF))|<blockquote\b"""
)


def letter_text(mail: IncomingMail) -> str:
    """The words of a letter's text parts; without any, of its HTML without what that quotes."""
    plain = _joined(mail, "text/plain")
    if plain.strip():
        return plain
    markup = letter_html(mail)
    quote = _QUOTE_IN_HTML.search(markup)
    return html_text(markup[: quote.start()] if quote else markup)


def letter_html(mail: IncomingMail) -> str:
    """The HTML of a letter as it came."""
    return _joined(mail, "text/html")


def read_attachments(mail: IncomingMail, raw: bytes) -> Sequence[Attachment]:
    """The files of a letter; ``raw``: the mail, also beyond what ``mail`` has parsed."""
    has_more = len(raw) > MAX_PARSED and mail.content_type.startswith("multipart/")
    whole = _parse_whole(raw) if has_more else mail
    is_cut = whole is None or len(raw) >= MAX_MAIL
    mail = whole or mail
    files = [part for part in _leaves(mail) if not _is_words(part)][:_MAX_ATTACHMENTS]
    return [_attachment(part, is_cut=is_cut and part is files[-1]) for part in files]


def _parse_whole(raw: bytes) -> IncomingMail | None:
    if raw.count(b"\n") > _MAX_LINES:
        return None
    try:
        return IncomingMail(raw, MAX_MAIL)
    except Unreadable:
        return None


def _joined(mail: IncomingMail, kind: str) -> str:
    """Apple Mail writes a part for the words before a picture, and one for those behind it."""
    texts = (
        part_text(part)
        for part in _leaves(mail)
        if part.get_content_type() == kind and _is_words(part)
    )
    return "\n".join(text for text in texts if text.strip())[:MAX_TEXT]


def _leaves(mail: IncomingMail) -> Iterator[EmailMessage]:
    """Parts without parts; a forwarded mail is one, and what is inside of it is not the letter."""
    inside: set[int] = set()
    for part in mail.parts:
        payload = part.get_payload()
        if id(part) in inside:
            inside.update(id(one) for one in payload if isinstance(payload, list))
        elif part.get_content_maintype() == "message":
            inside.update(id(one) for one in payload if isinstance(payload, list))
            yield part
        elif not isinstance(payload, list):
            yield part


def _is_words(part: EmailMessage) -> bool:
    disposition = str(part.get("Content-Disposition", "")).lower()
    return part.get_content_type() in _WORDS and "attachment" not in disposition


def _attachment(part: EmailMessage, *, is_cut: bool) -> Attachment:
    content = _content(part)
    kind = part.get_content_type()
    is_kept = len(content) <= MAX_ATTACHMENT and not is_cut
    return Attachment(
        name=_name(part),
        type=kind if _TYPE.fullmatch(kind) else "application/octet-stream",
        size=len(content),
        content=content if is_kept else None,
    )


def _content(part: EmailMessage) -> bytes:
    payload = part.get_payload()
    try:
        if isinstance(payload, list):  # a forwarded mail
            return b"\n".join(one.as_bytes() for one in payload if isinstance(one, EmailMessage))
        decoded = part.get_payload(decode=True)
    # Faults of Python's parser and generator with broken mail.
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        decoded = str(payload).encode("utf-8", "replace")
    return decoded if isinstance(decoded, bytes) else b""


def _name(part: EmailMessage) -> str:
    """The file's name, decoded; a path is cut, and so are characters that change its direction."""
    try:
        given = header_text(str(part.get_filename("") or "")[:2_000])
    except (ValueError, LookupError, TypeError, AttributeError):
        given = ""
    bare = re.split(r"[/\\]", given)[-1]
    shown = "".join(one for one in bare if unicodedata.category(one)[0] != "C").strip(". ")
    if shown:
        stem, dot, suffix = shown.rpartition(".")
        return f"{stem[: _MAX_NAME - 20]}{dot}{suffix[:20]}" if dot else shown[:_MAX_NAME]
    suffix = mimetypes.guess_extension(part.get_content_type()) or ""
    return "mail.eml" if part.get_content_maintype() == "message" else f"file{suffix}"
