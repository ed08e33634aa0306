"""A tolerant, streaming CSV reader: rows with line numbers, and a fault for each broken row.

It takes what spreadsheets and other tools write: UTF-8, UTF-16 or Windows-1252; commas,
semicolons, tabs or vertical bars; newlines inside quotes. A few hundred rows are in memory at a
time.

A block of lines without faults is parsed at once, three times as fast as line by line. A block
with any fault is parsed again line by line, so that only its broken rows are lost.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from lovecampaign.core.csv_file.formats import detect_encoding, unusable

SEPARATORS = ",;\t|"
#: Characters of a line; a longer one is no row of a list of subscribers.
MAX_LINE = 1_000_000
#: Characters that are parsed at once; larger blocks measured no faster.
_BLOCK = 1 << 16
_SEPARATOR_HINT = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
#: Undecodable bytes arrive as these (surrogateescape, or UTF-16's replace).
_DAMAGE = re.compile("[\udc80-\udcff\ufffd]")


class CsvRow(NamedTuple):
    """One row. A tuple, not a dataclass: a million of them are made."""

    #: Physical line where the row starts, from 1.
    line: int
    cells: list[str]
    #: Why the row cannot be used; '' where it can.
    fault: str = ""


#: Makes a NamedTuple in a third of its own constructor's time.
_new_tuple = tuple.__new__


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """An open file: encoding, separator, headings, and its rows as a one-time iterator."""

    encoding: str
    separator: str
    headings: tuple[str, ...]
    heading_line: int
    rows: Iterator[CsvRow]


@contextlib.contextmanager
def open_csv(path: Path, *, shown_as: str) -> Iterator[CsvTable]:
    """Open a CSV file; ``shown_as`` is its name in problems.

    Raises UsageError for a file that cannot be opened, and ProblemsFound for one that holds no
    table: empty, a workbook, an unknown encoding.
    """
    encoding = detect_encoding(path, shown_as)
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    with path.open(encoding=encoding, errors=errors, newline="") as stream:
        yield _read_table(stream, encoding, shown_as)


def _read_table(stream: TextIO, encoding: str, shown_as: str) -> CsvTable:
    first, line = _first_line(stream)
    hint = _SEPARATOR_HINT.fullmatch(first)
    if hint:  # Excel writes "sep=;" above the headings
        first, line = _first_line(stream, after=line)
    if not first:
        raise unusable(shown_as, "the file is empty", hint="its first line names the columns")
    separator = hint[1] if hint else max(SEPARATORS, key=_QUOTED.sub("", first).count)
    rows = read_rows(stream, separator, first=first, before=line - 1)
    heading = next(rows, CsvRow(line, [], "they are all empty"))
    if heading.fault:
        raise unusable(shown_as, f"the headings cannot be read: {heading.fault}", line=line)
    return CsvTable(
        encoding=encoding,
        separator=separator,
        headings=tuple(heading.cells),
        heading_line=line,
        # files put together repeat the headings
        rows=(row for row in rows if row.cells != heading.cells),
    )


def _first_line(stream: TextIO, after: int = 0) -> tuple[str, int]:
    """The next line that is not blank, and its number; '' at the end of the file."""
    number = after
    while text := stream.readline(MAX_LINE):
        number += 1
        if text.strip():
            return text, number
    return "", number


def read_rows(stream: TextIO, separator: str, *, first: str, before: int) -> Iterator[CsvRow]:
    """The rows from the line ``first`` on; ``before`` lines were read before it."""
    lines = _LineBuffer(stream, first=first, before=before)
    yield from _parse_by_line(lines, separator)
    while block := lines.take_block():
        try:
            rows, number_of_lines = _parse_block(block, separator, lines.number)
        except _FaultInBlock:
            lines.give_back(block)
            yield from _parse_by_line(lines, separator)
        else:
            lines.number += number_of_lines
            yield from rows


class _LineBuffer:
    """Physical lines for csv.reader, with push-back after a broken row."""

    def __init__(self, stream: TextIO, *, first: str, before: int) -> None:
        self._stream = stream
        self._pushed_back = deque([first])
        self._lines_of_row: list[str] = []
        #: Number of the last line handed out.
        self.number = before
        #: The fault of a line since the last row.
        self.fault = ""

    @property
    def has_pushed_back(self) -> bool:
        """Whether the next line was read before."""
        return bool(self._pushed_back)

    def take_block(self) -> str:
        """Some whole unread lines; '' at the end of the file."""
        return self._stream.read(_BLOCK) + self._stream.readline(MAX_LINE)

    def give_back(self, block: str) -> None:
        self._pushed_back.extend(io.StringIO(block, newline=""))

    def __iter__(self) -> _LineBuffer:
        return self

    def __next__(self) -> str:
        line = self._pushed_back.popleft() if self._pushed_back else self._stream.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self._lines_of_row.append(line)
        if "\0" in line:
            self.fault = "it holds NUL bytes: the file is damaged, or not a CSV file"
        elif not line.isascii() and _DAMAGE.search(line):
            self.fault = "it holds bytes that are not text in the file's encoding"
        if len(line) >= MAX_LINE:
            self.fault = f"the line is longer than {MAX_LINE:,} characters"
            self._skip_rest_of(line)
        return line

    def start_row(self) -> None:
        self._lines_of_row.clear()
        self.fault = ""

    def give_back_all_but_first(self) -> None:
        """Go on behind the first line of a broken row: an open quote may have taken good rows."""
        rest = self._lines_of_row[1:]
        self._pushed_back.extendleft(reversed(rest))
        self.number -= len(rest)

    def _skip_rest_of(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._stream.readline(MAX_LINE)


class _FaultInBlock(Exception):
    """A block holds a broken row, or its last row goes on in the next block."""


def _parse_block(block: str, separator: str, before: int) -> tuple[list[CsvRow], int]:
    """The rows of whole lines, as :func:`_parse_by_line` makes them, and how many lines."""
    is_damaged = "\0" in block or (not block.isascii() and _DAMAGE.search(block))
    if is_damaged or len(block) >= MAX_LINE:
        raise _FaultInBlock
    reader = csv.reader(io.StringIO(block, newline=""), delimiter=separator, strict=True)
    try:
        parsed = list(reader)
    except csv.Error as error:
        raise _FaultInBlock from error
    if reader.line_num == len(parsed):  # no quoted line ends: each row has one line
        lines: Iterable[int] = itertools.count(before + 1)
    else:
        lines = _count_lines(block, separator, before)
    # The first cell decides for most rows.
    rows = [
        _new_tuple(CsvRow, (line, cells, ""))
        for line, cells in zip(lines, parsed, strict=False)
        if (cells and cells[0].strip()) or any(map(str.strip, cells))
    ]
    return rows, reader.line_num


def _count_lines(block: str, separator: str, before: int) -> Iterator[int]:
    """The line where each row of a block starts."""
    reader = csv.reader(io.StringIO(block, newline=""), delimiter=separator, strict=True)
    yield before + 1
    for _ in reader:
        yield before + 1 + reader.line_num


def _parse_by_line(lines: _LineBuffer, separator: str) -> Iterator[CsvRow]:
    """One row, and more until every line that was given back is read."""
    # strict: a quote that is never closed is an error, not a cell that takes the rest of the file
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
        if not lines.has_pushed_back:
            return


def _explain(error: csv.Error) -> str:
    words = str(error)
    if "unexpected end of data" in words:
        return "a quote is opened and never closed"
    if "field larger than" in words:  # csv's own limit: 131,072 characters
        return "a cell has too many characters: a quote may be opened and never closed"
    if "expected after" in words:
        return 'a quote is inside a quoted cell: double it ("")'
    return f"it cannot be read as CSV ({words})"
