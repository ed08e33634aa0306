"""The sample rendering of an email that all rules share, and its cache."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from html import unescape

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.checks.base.mjml_attributes import find_attribute_faults
from lovecampaign.core.lru import LruCache
from lovecampaign.core.problems import Place, Problem, Severity, has_errors
from lovecampaign.render.fast.fast_path import Fallback
from lovecampaign.render.lint.render_check import MEDIA_URL, find_problems
from lovecampaign.render.markup.mjml_tree import parse_mjml
from lovecampaign.render.markup.scanner import (
    VOID,
    Comment,
    EndTag,
    Piece,
    StartTag,
    Text,
    scan_once,
)
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.compose import Composer
from lovecampaign.render.plain.sample_recipients import SAMPLE_LINKS, sample_recipients
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.render.templating.source_map import SourceMap

_SPACES = re.compile(r"\s+")
#: Three months of emails; each takes some 100 kB.
_CACHE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link in the HTML."""

    href: str
    words: str
    is_button: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedEmail:
    """One email as a mail program gets it, for a subscriber with every value known."""

    subject: str
    html: str
    text: str
    headers: Mapping[str, str]
    #: The HTML's tags, texts and comments, in order; including those in conditional comments.
    pieces: Sequence[Piece]
    links: Sequence[Link]
    #: The visible words of the HTML, without the preheader.
    words: str
    #: Why the email needs the plain path of rendering; None where the fast path does.
    fallback: Fallback | None = None
    #: Problems of its template's attributes, with the codes of their rules.
    attribute_problems: Sequence[Problem] = ()

    def tags(self, *names: str) -> Iterator[StartTag]:
        """Every start tag with one of these names."""
        for piece in self.pieces:
            if isinstance(piece, StartTag) and piece.name in names:
                yield piece


def _render_sample(
    campaign: Campaign, email: Email, content: Content, renderer: EmailRenderer
) -> RenderedEmail:
    """The email as a sample subscriber gets it; raises RenderError."""
    sample = _sample(campaign, email, content)
    message = renderer.render(sample)
    shown = make_rendered_email(message.subject, message.html, message.text, message.headers)
    for recipient in sample_recipients(campaign, email, content):
        renderer.render(recipient)  # compares the fast path with the plain one
    problems = _attribute_problems(campaign, email, content, sample, renderer.plain.composer)
    return replace(shown, fallback=renderer.fallback, attribute_problems=tuple(problems))


def make_rendered_email(
    subject: str, html: str, text: str, headers: Mapping[str, str]
) -> RenderedEmail:
    """The parts of a message, with the HTML scanned."""
    pieces = scan_once(html)
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
    """The unescaped value of a tag's attribute; None without it."""
    return next((unescape(one.value) for one in tag.attributes if one.name == name), None)


def visible_pieces(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The body's pieces, without ``display:none`` and without conditional comments for Outlook."""
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
                if piece.name in VOID:  # ``<input style="display:none">`` encloses nothing
                    continue
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


def _sample(campaign: Campaign, email: Email, content: Content) -> Recipient:
    """The sample with every value known; for a digest, the longest that can be."""
    known = sample_recipients(campaign, email, content)[0]
    if email.role is not Role.CATCH_UP or campaign.catch_up is None:
        return known._replace(links=SAMPLE_LINKS)
    wanted = {f"day-{number:02}" for number in campaign.catch_up.must_have}
    others = (part for part in content.parts.values() if part.key not in wanted)
    longest = max(others, key=lambda part: len(part.copy.text), default=None)
    keys = wanted | ({longest.key} if longest else set())
    return known._replace(digest=tuple(key for key in content.parts if key in keys))


def _attribute_problems(
    campaign: Campaign, email: Email, content: Content, sample: Recipient, composer: Composer
) -> Iterator[Problem]:
    """Only where there are faults, the template is composed again with a source map."""
    token = composer.tokens.pattern
    tree, _ = parse_mjml(composer.compose(sample).source)
    if not find_attribute_faults(tree, token):
        return
    source_map = SourceMap()
    composer = Composer(campaign, email, content, MEDIA_URL, source_map)
    traced = source_map.trace(composer.compose(sample).source)
    tree, _ = parse_mjml(traced.text)
    for fault in find_attribute_faults(tree, token):
        place = traced.place(fault.offset) or Place(file=email.copy.file)
        excerpt = traced.excerpt(place)
        room = len(excerpt) - (place.column or 1) + 1 if excerpt else 1
        yield Problem(
            code=fault.code,
            message=fault.message,
            place=place,
            hint=fault.hint,
            severity=Severity.WARNING,
            excerpt=excerpt,
            width=max(1, min(fault.width, room)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """The outcome of rendering an email for sample subscribers."""

    problems: tuple[Problem, ...]
    #: None after an error.
    email: RenderedEmail | None


_CACHE: LruCache[str, Rendering] = LruCache(_CACHE_SIZE)


def try_rendering(campaign: Campaign, email: Email, content: Content) -> Rendering:
    """Render the email, or return the cached result of the same inputs.

    Only rendering takes long in a check: a second check renders only what was edited.
    """
    return _CACHE.get(_key(campaign, email, content), lambda _: _try(campaign, email, content))


def _try(campaign: Campaign, email: Email, content: Content) -> Rendering:
    @cache
    def renderer() -> EmailRenderer:
        return EmailRenderer(
            campaign,
            email,
            content,
            media_url=MEDIA_URL,
            logs_fallback=False,  # LC236 tells it
        )

    problems = tuple(find_problems(campaign, email, content, lambda: renderer().plain))
    if has_errors(problems):
        return Rendering(problems=problems, email=None)
    try:
        return Rendering(
            problems=problems, email=_render_sample(campaign, email, content, renderer())
        )
    except RenderError:  # for this sample only, as where no sample value fits
        return Rendering(problems=problems, email=None)


def _key(campaign: Campaign, email: Email, content: Content) -> str:
    """A hash of the settings, copy, templates and images that the rendering depends on."""
    settings = replace(campaign, emails=(), files=())
    parts = campaign.day_emails if email.role is Role.CATCH_UP else ()
    places = [sorted(map(str, part.places.items())) for part in parts]
    written = "\0".join((content.to_json(), repr(settings), repr(email), repr(places)))
    return sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
