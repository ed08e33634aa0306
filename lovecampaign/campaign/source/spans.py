"""Where in its file does a piece of a setting's value stand?"""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.campaign.source.source import Source, Spot


def find_piece(source: Source, start: Spot, piece: str, earlier: int = 0) -> Spot | None:
    """The spot of a piece of the value at ``start``, after as many ``earlier`` ones like it.

    The value may be quoted, or take several lines. None where the file spells the piece otherwise
    than the value does: with an escape, or with a line break in it.
    """
    for line, column in _occurrences(source, start, piece):
        if earlier == 0:
            return Spot(line=line, column=column, width=len(piece))
        earlier -= 1
    return None


def _occurrences(source: Source, start: Spot, piece: str) -> Iterator[tuple[int, int]]:
    if not piece:
        return
    for number in _lines_of_value(source, start):
        line = source.line(number)
        at = line.find(piece, start.column - 1 if number == start.line else 0)
        while at >= 0:
            yield number, at + 1
            at = line.find(piece, at + len(piece))


def _lines_of_value(source: Source, start: Spot) -> Iterator[int]:
    """The line on which the value starts, and the deeper ones below, which go on with it."""
    yield start.line
    margin = _margin(source.line(start.line))
    for number in range(start.line + 1, len(source.lines) + 1):
        line = source.line(number)
        if line.strip() and _margin(line) <= margin:
            return
        yield number


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
