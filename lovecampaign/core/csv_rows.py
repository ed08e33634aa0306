"""Which rows do the lines of a CSV file make, and which of them are broken?

A block of lines in which nothing is wrong is read at once, at three times the pace of looking at
each line. A block with anything odd in it is read again with care, line by line.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TextIO

#: A line longer than this is no row of a list of people.
MAX_LINE = 1_000_000
#: Characters that are read at once; larger blocks measured no faster.
_BLOCK = 1 << 16
#: Bytes that the encoding does not know arrive as these (surrogateescape, or UTF-16's replace).
_DAMAGE = re.compile("[\udc80-\udcff\ufffd]")


class CsvRow(NamedTuple):
    """One row. A tuple, not a dataclass: a million of them are made."""

    #: Physical line where the row starts, from 1.
    line: int
    cells: list[str]
    #: Why the row cannot be used; '' where it can.
    fault: str = ""


def read_rows(stream: TextIO, separator: str, *, first: str, before: int) -> Iterator[CsvRow]:
    """The rows from the line ``first`` on, before which the stream gave ``before`` lines."""
    lines = _Lines(stream, first=first, before=before)
    yield from _rows_with_care(lines, separator)
    while block := lines.take_block():
        try:
            rows, number_of_lines = _read_block(block, separator, lines.number)
        except _NeedsCare:
            lines.give_back(block)
            yield from _rows_with_care(lines, separator)
        else:
            lines.number += number_of_lines
            yield from rows


class _Lines:
    """Hands physical lines to csv.reader, and hands them again after a broken row."""

    def __init__(self, stream: TextIO, *, first: str, before: int) -> None:
        self._stream = stream
        self._again = deque([first])
        self._held: list[str] = []
        #: Number of the last line handed out.
        self.number = before
        #: What was wrong with a line since the last row.
        self.fault = ""

    @property
    def has_given_back(self) -> bool:
        """Whether some of the lines that come next have been read before."""
        return bool(self._again)

    def take_block(self) -> str:
        """Some whole lines that nobody has read; '' at the end of the file."""
        return self._stream.read(_BLOCK) + self._stream.readline(MAX_LINE)

    def give_back(self, block: str) -> None:
        self._again.extend(io.StringIO(block, newline=""))

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._stream.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self._held.append(line)
        if "\0" in line:
            self.fault = "it holds NUL bytes: the file is damaged, or not a CSV file"
        elif not line.isascii() and _DAMAGE.search(line):
            self.fault = "it holds bytes that are not text in the file's encoding"
        if len(line) >= MAX_LINE:
            self._refuse_long(line)
        return line

    def start_row(self) -> None:
        self._held.clear()
        self.fault = ""

    def give_back_all_but_first(self) -> None:
        """Read on behind the line where a broken row started, not behind what it swallowed."""
        rest = self._held[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)

    def _refuse_long(self, line: str) -> None:
        self.fault = f"the line is longer than {MAX_LINE:,} characters"
        while line and not line.endswith(("\n", "\r")):
            line = self._stream.readline(MAX_LINE)


class _NeedsCare(Exception):
    """Something in a block is broken, or goes on behind it."""


def _read_block(block: str, separator: str, before: int) -> tuple[list[CsvRow], int]:
    """The rows of whole lines, as :func:`_rows_with_care` reads them, and how many lines."""
    is_damaged = "\0" in block or (not block.isascii() and _DAMAGE.search(block))
    if is_damaged or len(block) >= MAX_LINE:
        raise _NeedsCare
    reader = csv.reader(io.StringIO(block, newline=""), delimiter=separator, strict=True)
    rows: list[CsvRow] = []
    line = before + 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                rows.append(CsvRow(line, cells))
            line = before + 1 + reader.line_num
    except csv.Error as error:
        raise _NeedsCare from error
    return rows, reader.line_num


def _rows_with_care(lines: _Lines, separator: str) -> Iterator[CsvRow]:
    """One row, and on until every line that was given back is read."""
    # strict: a quote that is never closed is an error, not a cell that swallows the file
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.start_row()
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield CsvRow(line, [], lines.fault or _explain(error))
            lines.give_back_all_but_first()
        else:
            if lines.fault or any(map(str.strip, cells)):
                yield CsvRow(line, cells, lines.fault)
        if not lines.has_given_back:
            return


def _explain(error: csv.Error) -> str:
    words = str(error)
    if "unexpected end of data" in words:
        return "a quote is opened and never closed"
    if "field larger than" in words:  # csv's own limit: 131,072 characters
        return "a cell has too many characters: a quote may be opened and never closed"
    if "expected after" in words:
        return 'a quote stands inside a quoted cell: double it ("")'
    return f"it cannot be read as CSV ({words})"
