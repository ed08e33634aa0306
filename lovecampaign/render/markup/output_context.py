"""At which place of compiled HTML does each value stand?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lovecampaign.render.markup.escaping import OutputContext
from lovecampaign.render.markup.scanner import Attribute, Piece, Quote, StartTag, Text, scan

#: Attributes whose value is an address.
LINK_ATTRIBUTES = frozenset({"href", "src", "background", "action", "cite", "xlink:href"})
#: Attributes that hold words, where a value can do no harm.
WORD_ATTRIBUTES = frozenset({"alt", "title", "aria-label", "class", "lang", "dir", "xml:lang"})
_LINK_START = re.compile(r"(?:https?://|mailto:|tel:|#)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ForbiddenPlace:
    """A place where no value may stand; ``spot`` completes "a value stands in …"."""

    spot: str


@dataclass(frozen=True, slots=True)
class FoundToken:
    number: int
    start: int
    end: int
    place: OutputContext | ForbiddenPlace


def find_tokens(html: str, token: re.Pattern[str]) -> Iterator[FoundToken]:
    """Every token of the HTML, in order, with its place."""
    for piece in scan(html):
        for found in token.finditer(html, piece.start, piece.end):
            place = _place(piece, found.start(), token)
            yield FoundToken(int(found[1]), found.start(), found.end(), place)


def context_in_link(before: str, token: re.Pattern[str]) -> OutputContext | ForbiddenPlace:
    """The place of a value in an address, from what stands before it there."""
    before = before.lstrip()
    if not before:
        return OutputContext.LINK
    if _LINK_START.match(before) or token.match(before):
        return OutputContext.IN_LINK
    return ForbiddenPlace("an address before its http:// or https:// is complete")


def _place(piece: Piece, start: int, token: re.Pattern[str]) -> OutputContext | ForbiddenPlace:
    if isinstance(piece, StartTag):
        return _place_in_tag(piece, start, token)
    if isinstance(piece, Text):
        return ForbiddenPlace(f"a <{piece.raw_in}> block") if piece.raw_in else OutputContext.TEXT
    return ForbiddenPlace("a comment, or the name of a tag")


def _place_in_tag(
    tag: StartTag, start: int, token: re.Pattern[str]
) -> OutputContext | ForbiddenPlace:
    for attribute in tag.attributes:
        if attribute.name_start <= start < attribute.value_end:
            return _place_in_attribute(attribute, start, token)
    return ForbiddenPlace("the name of a tag")


def _place_in_attribute(
    attribute: Attribute, start: int, token: re.Pattern[str]
) -> OutputContext | ForbiddenPlace:
    if start < attribute.value_start:
        return ForbiddenPlace("the name of an attribute")
    if attribute.quote not in (Quote.DOUBLE, Quote.SINGLE):
        return ForbiddenPlace(f"the attribute {attribute.name}, which has no quotes")
    if attribute.name in LINK_ATTRIBUTES:
        return context_in_link(attribute.value[: start - attribute.value_start], token)
    if attribute.name in WORD_ATTRIBUTES:
        return OutputContext.ATTRIBUTE
    return ForbiddenPlace(f"the attribute {attribute.name}")
