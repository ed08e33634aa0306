"""Source map from a rendered source back to the author's files.

Every piece of plain template text is marked with a number before rendering. Afterwards the marks
are removed, and lead from any offset back to file, line and column, through ``extends``,
``include`` and macros.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.defaults import NEWLINE_SEQUENCE
from jinja2.lexer import Lexer

from lovecampaign.core.problems import Place
from lovecampaign.render.values.tokens import MARK_END, MARK_START

_MARK = re.compile(f"{MARK_START}([0-9]+){MARK_END}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    file: str
    #: Offset in the file's source; None if only the file is known.
    offset: int | None


class SourceMap:
    """Numbers the pieces of plain text in templates, and maps the numbers back."""

    def __init__(self) -> None:
        self._origins: list[_Origin] = []
        self._sources: dict[str, str] = {}

    def mark(self, lexer: Lexer, tree: nodes.Template, source: str, file: str) -> None:
        """Put a mark before each piece of plain text of a parsed template."""
        source = source.replace("\r\n", NEWLINE_SEQUENCE).replace("\r", NEWLINE_SEQUENCE)
        self._sources[file] = source
        offsets = _data_offsets(lexer, source)
        for data in tree.find_all(nodes.TemplateData):
            self._origins.append(_Origin(file=file, offset=next(offsets)))
            data.data = f"{MARK_START}{len(self._origins) - 1}{MARK_END}{data.data}"

    def mark_all(self, text: str, file: str) -> str:
        """A marked text from somewhere in a file."""
        self._origins.append(_Origin(file=file, offset=None))
        return f"{MARK_START}{len(self._origins) - 1}{MARK_END}{text}"

    def trace(self, marked: str) -> TracedSource:
        """The rendered source without its marks, with its origins."""
        pieces: list[str] = []
        starts: list[int] = [0]
        origins: list[_Origin | None] = [None]
        length = end = 0
        for mark in _MARK.finditer(marked):
            piece = marked[end : mark.start()]
            pieces.append(piece)
            length += len(piece)
            starts.append(length)
            origins.append(self._origins[int(mark[1])])
            end = mark.end()
        pieces.append(marked[end:])
        return TracedSource("".join(pieces), starts, origins, self._sources)


class TracedSource:
    """A rendered source with the place in a file of each offset."""

    def __init__(
        self,
        text: str,
        starts: list[int],
        origins: list[_Origin | None],
        sources: Mapping[str, str],
    ) -> None:
        self.text = text
        self._starts = starts
        self._origins = origins
        self._sources = sources

    def place(self, offset: int) -> Place | None:
        """The place of an offset; for a printed value, that of its ``{{``."""
        index = bisect_right(self._starts, offset) - 1
        origin = self._origins[index]
        if origin is None:
            return None
        if origin.offset is None:
            return Place(file=origin.file)
        source = self._sources[origin.file]
        found = min(origin.offset + offset - self._starts[index], len(source))
        return place_in(source, found, origin.file)

    def excerpt(self, place: Place | None) -> str | None:
        if place is None or place.line is None:
            return None
        lines = self._sources[place.file].split("\n")
        return lines[place.line - 1] if place.line <= len(lines) else None


def place_in(source: str, offset: int, file: str) -> Place:
    """The place of an offset, with line and column from 1."""
    before = source.rfind("\n", 0, offset)
    return Place(file=file, line=source.count("\n", 0, offset) + 1, column=offset - before)


def _data_offsets(lexer: Lexer, source: str) -> Iterator[int]:
    """The offset of each piece of plain text, in the order of the tree."""
    position = 0
    for _, kind, value in lexer.tokeniter(source, None):
        # Only white space that a ``-`` removed can lie between two tokens.
        position = source.find(value, position)
        if kind == "data" and value:
            yield position
        position += len(value)
