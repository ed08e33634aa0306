"""Skeletons: the static text of a compiled email, with holes and their contexts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from lovecampaign.render.markup.escaping import OutputContext, escape
from lovecampaign.render.markup.scanner import Attribute, Piece, Quote, StartTag, Text, scan

#: Around an address in a text part, until it is cut (private use, never in a mail).
LINK_OPEN = "\ue002"
LINK_CLOSE = "\ue003"
_LINK_ENDS = re.compile(f"[{LINK_OPEN}{LINK_CLOSE}]")
#: Attributes that hold an address.
_LINK_ATTRIBUTES = frozenset({"href", "src", "background", "action", "cite", "xlink:href"})
#: Attributes that hold words, where a value can do no harm.
_WORD_ATTRIBUTES = frozenset({"alt", "title", "aria-label", "class", "lang", "dir", "xml:lang"})
_LINK_START = re.compile(r"(?:https?://|mailto:|tel:|sms:|#)", re.IGNORECASE)
_ADDRESSEE_SCHEMES = ("mailto:", "tel:", "sms:")
#: Behind these comes no host.
_HOST_END = re.compile(r"[/?&#=]")


@dataclass(frozen=True, slots=True)
class ForbiddenPlace:
    """A place where no value is allowed; ``spot`` completes "a value in …"."""

    spot: str


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for a value."""

    #: The token's number.
    number: int
    context: OutputContext


class MisplacedValues(Exception):
    """Values in places where none is allowed."""

    def __init__(self, tokens: Sequence[tuple[int, str]]) -> None:
        super().__init__(tokens)
        #: Number of the token, and the spot: ``the attribute width``, ``a comment`` …
        self.tokens = tokens


class Skeleton:
    """Static pieces and the holes between them: one piece more than holes."""

    __slots__ = ("holes", "pieces")

    def __init__(self, pieces: Sequence[str], holes: Sequence[Hole]) -> None:
        self.pieces = pieces
        self.holes = holes

    def fill(self, values: Sequence[str]) -> str:
        """The whole text, each value escaped for its context."""
        return self.join(self.escaped(values))

    def join(self, escaped: Iterable[str]) -> str:
        """The whole text, from the escaped value of each hole."""
        filled = [self.pieces[0]]
        for value, piece in zip(escaped, self.pieces[1:], strict=True):
            filled += value, piece
        return "".join(filled)

    def escaped(self, values: Sequence[str]) -> list[str]:
        """The escaped value of each hole."""
        written: dict[tuple[str, OutputContext], str] = {}
        for hole in self.holes:
            # A name printed thirty times is escaped once per context.
            key = (values[hole.number], hole.context)
            if key not in written:
                written[key] = escape(*key)
        return [written[values[hole.number], hole.context] for hole in self.holes]


def cut_html(html: str, token: re.Pattern[str]) -> Skeleton:
    """Cut compiled HTML at its tokens; raises :class:`MisplacedValues`."""
    spans: list[_Span] = []
    misplaced: list[tuple[int, str]] = []
    for piece in scan(html):
        for found in token.finditer(html, piece.start, piece.end):
            context = _context(piece, found.start(), token)
            if isinstance(context, ForbiddenPlace):
                misplaced.append((int(found[1]), context.spot))
            else:
                spans.append((found.start(), found.end(), Hole(int(found[1]), context)))
    if misplaced:
        raise MisplacedValues(misplaced)
    return _cut(html, spans)


def cut_plain(text: str, token: re.Pattern[str]) -> Skeleton:
    """Cut a text part with addresses between ``LINK_OPEN`` and ``LINK_CLOSE``."""
    stretches = _LINK_ENDS.split(text)
    plain, links = "".join(stretches), list(_link_spans(stretches))
    spans: list[_Span] = []
    for found in token.finditer(plain):
        context, at = OutputContext.PLAIN, found.start()
        start = next((start for start, end in links if start <= at < end), None)
        if start is not None:
            place = _context_in_link(plain[start:at], token)
            # The HTML holds the same address, and was cut first.
            place = OutputContext.LINK_PART if isinstance(place, ForbiddenPlace) else place
            context = place.in_text_part
        spans.append((at, found.end(), Hole(int(found[1]), context)))
    return _cut(plain, spans)


#: Start and end of a token, and its hole.
_Span = tuple[int, int, Hole]


def _cut(source: str, spans: Sequence[_Span]) -> Skeleton:
    pieces: list[str] = []
    end = 0
    for start, stop, _ in spans:
        pieces.append(source[end:start])
        end = stop
    return Skeleton((*pieces, source[end:]), tuple(hole for _, _, hole in spans))


def _link_spans(stretches: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each address: every second stretch is one."""
    start = 0
    for index, stretch in enumerate(stretches):
        if index % 2:
            yield start, start + len(stretch)
        start += len(stretch)


def _context(piece: Piece, start: int, token: re.Pattern[str]) -> OutputContext | ForbiddenPlace:
    if isinstance(piece, StartTag):
        for attribute in piece.attributes:
            if attribute.name_start <= start < attribute.value_end:
                return _context_in_attribute(attribute, start, token)
        return ForbiddenPlace("the name of a tag")
    if isinstance(piece, Text):
        raw = piece.raw_in
        return ForbiddenPlace(f"a <{raw}> block") if raw else OutputContext.TEXT
    return ForbiddenPlace("a comment, or the name of a tag")


def _context_in_attribute(
    attribute: Attribute, start: int, token: re.Pattern[str]
) -> OutputContext | ForbiddenPlace:
    if start < attribute.value_start:
        return ForbiddenPlace("the name of an attribute")
    if attribute.quote not in (Quote.DOUBLE, Quote.SINGLE):
        return ForbiddenPlace(f"the attribute {attribute.name}, which has no quotes")
    if attribute.name in _LINK_ATTRIBUTES:
        before = unescape(attribute.value[: start - attribute.value_start])
        return _context_in_link(before, token)
    if attribute.name in _WORD_ATTRIBUTES:
        return OutputContext.ATTRIBUTE
    return ForbiddenPlace(f"the attribute {attribute.name}")


def _context_in_link(before: str, token: re.Pattern[str]) -> OutputContext | ForbiddenPlace:
    """The context of a value in an address, after this beginning of the address."""
    before = before.lstrip()
    if not before:
        return OutputContext.LINK
    start = _LINK_START.match(before) or token.match(before)
    if start is None:
        return ForbiddenPlace("an address before its http:// or https:// is complete")
    rest = before[start.end() :]
    if rest.endswith(("?", "&")) and "#" not in rest:
        return OutputContext.LINK_PAIRS
    if "#" in before or _HOST_END.search(rest):
        return OutputContext.LINK_PART
    is_addressee = before[: start.end()].lower() in _ADDRESSEE_SCHEMES
    return OutputContext.LINK_ADDRESSEE if is_addressee else OutputContext.LINK_HOST
