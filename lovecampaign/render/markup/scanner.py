"""Tokenizer for MJML and HTML: tags, attributes, text and comments, with their offsets.

It follows the HTML standard's tokenizer in what both have in common: raw text in style and
script, comments, quoted, unquoted and empty attributes. The inside of Outlook's conditional
comments is scanned like everything else, because Outlook reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Quote(Enum):
    """How an attribute's value is written."""

    DOUBLE = '"'
    SINGLE = "'"
    NONE = ""  #: href=x
    NO_VALUE = None  #: disabled


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    #: As written, entities included.
    value: str
    name_start: int
    value_start: int
    quote: Quote

    @property
    def value_end(self) -> int:
        return self.value_start + len(self.value)


@dataclass(frozen=True, slots=True)
class StartTag:
    name: str
    attributes: tuple[Attribute, ...]
    start: int
    end: int
    is_self_closing: bool

    @property
    def attributes_end(self) -> int:
        """The offset where another attribute can be inserted."""
        return self.end - (2 if self.is_self_closing else 1)


@dataclass(frozen=True, slots=True)
class EndTag:
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    data: str
    start: int
    #: The element that makes it raw text (``style``, ``script``, ``mj-style``), else empty.
    raw_in: str = ""

    @property
    def end(self) -> int:
        return self.start + len(self.data)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, or one end of a conditional comment."""

    data: str
    start: int
    #: Also for ``<!DOCTYPE``, ``<![CDATA[`` and ``<?xml``.
    is_declaration: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.data)


Piece = StartTag | EndTag | Text | Comment

#: Elements that have no end tag (HTML standard, "void elements").
VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
    "source", "track", "wbr",
})  # fmt: skip
_RAW = frozenset({"style", "script", "mj-style"})
_TAG_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>[^\s/>=][^\s/>=]*)
    (?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<none>[^\s>"']+)))?""",
    re.VERBOSE,
)
_TAG_CLOSE = re.compile(r"\s*(/?)>")
#: ``<!--[if mso]>``, ``<!--[if !mso]><!-->``, ``<![endif]-->`` and ``<!--<![endif]-->``.
_CONDITIONAL = re.compile(r"<!--\[if[^\]]*\]>(?:<!-->|<!---->)?|(?:<!--)?<!\[endif\]-->")
_COMMENT = re.compile(r"<!--(?:>|->|.*?(?:--!?>|\Z))", re.DOTALL)
_DECLARATION = re.compile(r"<[!?][^>]*(?:>|\Z)")


class MarkupSyntaxError(Exception):
    """A tag that is never closed; ``offset`` is where it starts."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def scan(source: str, *, sees_conditionals: bool = True) -> Iterator[Piece]:
    """Every piece of the source; raises :class:`MarkupSyntaxError` for a tag without an end.

    With ``sees_conditionals`` the inside of conditional comments is scanned too; without, they
    are comments like any other, as they are to MRML.
    """
    position = text_start = 0
    while (position := source.find("<", position)) >= 0:
        piece = _piece_at(source, position, sees_conditionals=sees_conditionals)
        if piece is None:  # a lone "<" is text
            position += 1
            continue
        if position > text_start:
            yield Text(source[text_start:position], text_start)
        yield piece
        position = text_start = piece.end
        if isinstance(piece, StartTag) and piece.name in _RAW and not piece.is_self_closing:
            position = text_start = _raw_end(source, piece)
            if position > piece.end:
                yield Text(source[piece.end : position], piece.end, raw_in=piece.name)
    if text_start < len(source):
        yield Text(source[text_start:], text_start)


@lru_cache(maxsize=8)
def scan_once(source: str, *, sees_conditionals: bool = True) -> tuple[Piece, ...]:
    """Every piece of a source that several checks look at in turn; raises MarkupSyntaxError."""
    return tuple(scan(source, sees_conditionals=sees_conditionals))


def _piece_at(source: str, start: int, *, sees_conditionals: bool) -> Piece | None:
    following = source[start + 1 : start + 2]
    if sees_conditionals and (conditional := _CONDITIONAL.match(source, start)):
        return Comment(conditional[0], start)
    if following in ("!", "?"):
        return _comment_at(source, start)
    name = _TAG_NAME.match(source, start)
    if name is None:
        return None
    if following == "/":
        end = source.find(">", name.end())
        if end < 0:
            raise MarkupSyntaxError(f"{name[0]} has no “>”", start)
        return EndTag(name[1].lower(), start, end + 1)
    return _start_tag_at(source, start, name)


def _comment_at(source: str, start: int) -> Comment | None:
    if comment := _COMMENT.match(source, start):
        return Comment(comment[0], start)
    if declaration := _DECLARATION.match(source, start):
        return Comment(declaration[0], start, is_declaration=True)
    return None


def _start_tag_at(source: str, start: int, name: re.Match[str]) -> StartTag:
    attributes: list[Attribute] = []
    position = name.end()
    while not (close := _TAG_CLOSE.match(source, position)):
        match = _ATTRIBUTE.match(source, position)
        if match is None:
            raise MarkupSyntaxError(
                f"<{name[1]}> is not closed with “>”, or a quote is missing", start
            )
        attributes.append(_attribute(match))
        position = match.end()
    return StartTag(name[1].lower(), tuple(attributes), start, close.end(), bool(close[1]))


def _attribute(match: re.Match[str]) -> Attribute:
    for group, quote in (("double", Quote.DOUBLE), ("single", Quote.SINGLE), ("none", Quote.NONE)):
        if match[group] is not None:
            return Attribute(
                match["name"].lower(), match[group], match.start("name"), match.start(group), quote
            )
    return Attribute(match["name"].lower(), "", match.start("name"), match.end(), Quote.NO_VALUE)


def _raw_end(source: str, tag: StartTag) -> int:
    end = re.compile(rf"</{re.escape(tag.name)}[\s>]", re.IGNORECASE).search(source, tag.end)
    return end.start() if end else len(source)
