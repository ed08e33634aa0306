"""What of an email is the same for everybody, and where do the values go in?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lovecampaign.render.markup.escaping import OutputContext, escape
from lovecampaign.render.markup.output_context import ForbiddenPlace, context_in_link, find_tokens

#: Around an address in a text part, until it is cut (private use, never in a mail).
LINK_OPEN = "\ue002"
LINK_CLOSE = "\ue003"
_LINK_ENDS = re.compile(f"[{LINK_OPEN}{LINK_CLOSE}]")


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for a value."""

    #: The token's number.
    number: int
    where: OutputContext


class MisplacedValues(Exception):
    """Values that stand where no value may."""

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
        """The whole text, each value escaped for where it stands."""
        return self.join(self.escaped(values))

    def join(self, escaped: Sequence[str]) -> str:
        """The whole text, from what stands in each hole."""
        filled = [self.pieces[0]]
        for value, piece in zip(escaped, self.pieces[1:], strict=True):
            filled += value, piece
        return "".join(filled)

    def escaped(self, values: Sequence[str]) -> list[str]:
        """What stands in each hole."""
        written: dict[tuple[str, OutputContext], str] = {}
        for hole in self.holes:
            # A name printed thirty times is escaped once for each kind of place.
            key = (values[hole.number], hole.where)
            if key not in written:
                written[key] = escape(*key)
        return [written[values[hole.number], hole.where] for hole in self.holes]


def cut_html(html: str, token: re.Pattern[str]) -> Skeleton:
    """Cut compiled HTML at its tokens; raises :class:`MisplacedValues` for those in forbidden places."""
    spans: list[_Span] = []
    misplaced: list[tuple[int, str]] = []
    for found in find_tokens(html, token):
        if isinstance(found.place, ForbiddenPlace):
            misplaced.append((found.number, found.place.spot))
        else:
            spans.append((found.start, found.end, Hole(found.number, found.place)))
    if misplaced:
        raise MisplacedValues(misplaced)
    return _cut(html, spans)


def cut_plain(text: str, token: re.Pattern[str]) -> Skeleton:
    """Cut a text part, whose addresses stand between ``LINK_OPEN`` and ``LINK_CLOSE``."""
    plain, links = _without_link_ends(text)
    spans: list[_Span] = []
    for found in token.finditer(plain):
        where, at = OutputContext.PLAIN, found.start()
        start = next((start for start, end in links if start <= at < end), None)
        if start is not None:
            is_start = context_in_link(plain[start:at], token) is OutputContext.LINK
            where = OutputContext.PLAIN_LINK if is_start else OutputContext.PLAIN_IN_LINK
        spans.append((at, found.end(), Hole(int(found[1]), where)))
    return _cut(plain, spans)


#: From where to where a token goes, and what it becomes.
_Span = tuple[int, int, Hole]


def _cut(source: str, spans: Sequence[_Span]) -> Skeleton:
    pieces: list[str] = []
    end = 0
    for start, stop, _ in spans:
        pieces.append(source[end:start])
        end = stop
    return Skeleton((*pieces, source[end:]), tuple(hole for _, _, hole in spans))


def _without_link_ends(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without the marks around addresses, and from where to where each one goes."""
    stretches = _LINK_ENDS.split(text)
    return "".join(stretches), list(_link_spans(stretches))


def _link_spans(stretches: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for index, stretch in enumerate(stretches):
        if index % 2:
            yield start, start + len(stretch)
        start += len(stretch)
