"""Tables for a terminal: aligned columns, and the width of text on a screen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from lovecampaign.cli.output.style import bold

Cell: TypeAlias = str | int | None

_GAP = "  "
#: Columns of words in a table, and of a name, which people type and may be of any length.
WORDS, NAME = 60, 30
_NOT_ON_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def format_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Columns under headings: numbers to the right, words to the left; nothing is cut off here."""
    texts = [[format_cell(cell) for cell in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(headings, *texts, strict=True)]
    is_number = [_has_numbers(column) for column in zip(*rows, strict=True)]
    is_number = is_number or [False] * len(headings)
    lines = [bold(_line(headings, widths, is_number))]
    lines += [_line(row, widths, is_number) for row in texts]
    return "\n".join(lines)


def format_cell(cell: Cell) -> str:
    """A number with thousands separators; a text on one line; a dash for None."""
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return f"{cell:,}"
    return one_line(cell)


def one_line(text: str) -> str:
    """Text without lines and control characters, which would move a terminal's cursor."""
    return _NOT_ON_A_LINE.sub(" ", text)


def shorten(text: str, columns: int = WORDS) -> str:
    """Text on one line of at most so many columns; what is cut ends with an ellipsis."""
    line = " ".join(one_line(text).split())
    if width_of(line) <= columns:
        return line
    while width_of(line) >= columns:
        line = line[:-1]
    return f"{line.rstrip()}…"


def width_of(text: str) -> int:
    """Columns on a terminal: two for East Asian wide letters and emoji, none for accents.

    Unicode Standard Annex 11.
    """
    return sum(_letter_width(letter) for letter in text)


def _letter_width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _has_numbers(column: Sequence[Cell]) -> bool:
    return any(isinstance(cell, int) for cell in column)


def _line(texts: Sequence[str], widths: Sequence[int], is_number: Sequence[bool]) -> str:
    cells = []
    for text, width, right in zip(texts, widths, is_number, strict=True):
        space = " " * (width - width_of(text))
        cells.append(space + text if right else text + space)
    return _GAP.join(cells).rstrip()
