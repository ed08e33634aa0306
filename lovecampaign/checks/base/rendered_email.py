"""What does a reader see of an email? Rendered once for somebody made up, for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.render.fast.fast_path import Fallback
from lovecampaign.render.markup.scanner import Comment, EndTag, Piece, StartTag, Text, scan
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS, sample_recipients
from lovecampaign.render.renderer import EmailRenderer

_MEDIA_URL = "https://links.invalid/i"
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as it stands in the HTML."""

    href: str
    words: str
    is_button: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedEmail:
    """One email as a mail program gets it, for a reader of whom everything is known."""

    subject: str
    html: str
    text: str
    headers: Mapping[str, str]
    #: The HTML's tags, texts and comments, in order; conditional comments seen through.
    pieces: Sequence[Piece]
    links: Sequence[Link]
    #: The words of the HTML that eyes see, without the preheader.
    words: str
    #: Why readers have to take the plain path of rendering; None where they need not.
    fallback: Fallback | None = None

    def tags(self, *names: str) -> Iterator[StartTag]:
        """Every start tag of these names."""
        for piece in self.pieces:
            if isinstance(piece, StartTag) and piece.name in names:
                yield piece


def render_sample(campaign: Campaign, email: Email, content: Content) -> RenderedEmail:
    """Render the email; raises RenderError where it cannot be."""
    renderer = EmailRenderer(campaign, email, content, media_url=_MEDIA_URL)
    message = renderer.render(_reader(campaign, email, content))
    shown = make_rendered_email(message.subject, message.html, message.text, message.headers)
    for recipient in sample_recipients(campaign, email, content):
        renderer.render(recipient)  # holds the fast path to the plain one
    return replace(shown, fallback=renderer.fallback)


def make_rendered_email(
    subject: str, html: str, text: str, headers: Mapping[str, str]
) -> RenderedEmail:
    """What there is to see in these parts of a message."""
    pieces = tuple(scan(html))
    return RenderedEmail(
        subject=subject,
        html=html,
        text=text,
        headers=headers,
        pieces=pieces,
        links=tuple(_links(pieces)),
        words=_SPACES.sub(" ", "".join(_visible(pieces))).strip(),
    )


def attribute(tag: StartTag, name: str) -> str | None:
    """The value of a tag's attribute without entities; None where it is not written."""
    return next((unescape(one.value) for one in tag.attributes if one.name == name), None)


def visible_pieces(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The body's pieces, without what ``display:none`` hides and what only Outlook reads."""
    in_body, hidden_by, depth, for_outlook = False, "", 0, False
    for piece in pieces:
        if isinstance(piece, Comment):
            for_outlook = piece.data.startswith("<!--[if") and "!mso" not in piece.data
            continue
        if isinstance(piece, StartTag):
            in_body = in_body or piece.name == "body"
            if hidden_by == piece.name:
                depth += 1
            elif not hidden_by and _is_hidden(piece):
                hidden_by, depth = piece.name, 1
        if in_body and not hidden_by and not for_outlook:
            yield piece
        if isinstance(piece, EndTag) and hidden_by == piece.name:
            depth -= 1
            hidden_by = hidden_by if depth else ""


def _is_hidden(tag: StartTag) -> bool:
    style = (attribute(tag, "style") or "").replace(" ", "").lower()
    return tag.name in ("style", "script") or "display:none" in style


def _visible(pieces: Sequence[Piece]) -> Iterator[str]:
    for piece in visible_pieces(pieces):
        if isinstance(piece, Text):
            yield unescape(piece.data)
        elif isinstance(piece, EndTag) and piece.name not in ("a", "em", "strong", "span", "b"):
            yield " "


def _links(pieces: Sequence[Piece]) -> Iterator[Link]:
    opened: Link | None = None
    for piece in visible_pieces(pieces):
        if isinstance(piece, StartTag) and piece.name == "a":
            style = (attribute(piece, "style") or "").replace(" ", "")
            is_button = "inline-block" in style and "background:" in style
            opened = Link(href=attribute(piece, "href") or "", words="", is_button=is_button)
        elif isinstance(piece, EndTag) and piece.name == "a" and opened:
            yield replace(opened, words=opened.words.strip())
            opened = None
        elif opened and isinstance(piece, Text):
            opened = replace(opened, words=opened.words + unescape(piece.data))
        elif opened and isinstance(piece, StartTag) and piece.name == "img":
            opened = replace(opened, words=opened.words + (attribute(piece, "alt") or ""))


def _reader(campaign: Campaign, email: Email, content: Content) -> Recipient:
    """Somebody of whom everything is known; a digest holds what the longest one could."""
    known = sample_recipients(campaign, email, content)[0]
    if email.role is not Role.CATCH_UP or campaign.catch_up is None:
        return known._replace(links=SAMPLE_LINKS)
    wanted = {f"day-{number:02}" for number in campaign.catch_up.must_have}
    others = (part for part in content.parts.values() if part.key not in wanted)
    longest = max(others, key=lambda part: len(part.copy.text), default=None)
    keys = wanted | ({longest.key} if longest else set())
    return known._replace(digest=tuple(key for key in content.parts if key in keys))
