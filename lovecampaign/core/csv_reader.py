"""A tolerant, streaming CSV reader: rows with line numbers, and a fault for each broken row.

It takes what spreadsheets and other tools write: UTF-8, UTF-16 or Windows-1252; commas,
semicolons or tabs; newlines inside quotes. A few hundred rows are in memory at a time.

A block of lines without faults is parsed at once, three times as fast as line by line. A block
with any fault is parsed again line by line, so that only its broken rows are lost.
"""

from __future__ import annotations

import codecs
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

from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Place, Problem

SEPARATORS = ",;\t"
#: Characters of a line; a longer one is no row of a list of subscribers.
MAX_LINE = 1_000_000
#: Bytes that are read at once to find the encoding.
_ENCODING_BLOCK = 1 << 20
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
    encoding = _detect_encoding(path, shown_as)
    errors = "replace" if encoding == "utf-16" else "surrogateescape"
    with path.open(encoding=encoding, errors=errors, newline="") as stream:
        yield _read_table(stream, encoding, shown_as)


def _detect_encoding(path: Path, shown_as: str) -> str:
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
            _reject_other_formats(start, shown_as)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            stream.seek(0)
            is_utf8 = _is_utf8(iter(lambda: stream.read(_ENCODING_BLOCK), b""))
            return "utf-8-sig" if is_utf8 else "cp1252"
    except OSError as error:
        raise UsageError(f"{shown_as} cannot be read: {error.strerror}") from error


def _reject_other_formats(start: bytes, shown_as: str) -> None:
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        hint = "save the workbook as CSV UTF-8, or unpack the archive"
        raise _unusable(shown_as, "this is a workbook or a ZIP archive, not a CSV file", hint=hint)
    if start in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise _unusable(shown_as, "this file is in UTF-32", hint="save it as CSV UTF-8")


def _is_utf8(blocks: Iterator[bytes]) -> bool:
    """Whether the bytes are UTF-8, possibly with a few damaged places.

    In Windows-1252, a letter such as é before a plain letter is not valid UTF-8. So a file with
    valid multi-byte letters before its first bad byte is UTF-8 with damage: only its bad rows
    are rejected, and no name turns into Ã©.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    only_ascii = True
    for block in blocks:
        try:
            only_ascii = decoder.decode(block).isascii() and only_ascii
        except UnicodeDecodeError as error:
            seen = error.object[: error.start].decode("utf-8")
            return not (only_ascii and seen.isascii())
    return not decoder.getstate()[0] or not only_ascii


def _read_table(stream: TextIO, encoding: str, shown_as: str) -> CsvTable:
    first, line = _first_line(stream)
    hint = _SEPARATOR_HINT.fullmatch(first)
    if hint:  # Excel writes "sep=;" above the headings
        first, line = _first_line(stream, after=line)
    if not first:
        raise _unusable(shown_as, "the file is empty", hint="its first line names the columns")
    separator = hint[1] if hint else max(SEPARATORS, key=_QUOTED.sub("", first).count)
    rows = read_rows(stream, separator, first=first, before=line - 1)
    heading = next(rows, CsvRow(line, [], "they are all empty"))
    if heading.fault:
        raise _unusable(shown_as, f"the headings cannot be read: {heading.fault}", line=line)
    return CsvTable(
        encoding=encoding,
        separator=separator,
        headings=tuple(heading.cells),
        heading_line=line,
        rows=rows,
    )


def _first_line(stream: TextIO, after: int = 0) -> tuple[str, int]:
    """The next line that is not blank, and its number; '' at the end of the file."""
    number = after
    while text := stream.readline(MAX_LINE):
        number += 1
        if text.strip():
            return text, number
    return "", number


def _unusable(
    shown_as: str, message: str, *, line: int | None = None, hint: str | None = None
) -> ProblemsFound:
    place = Place(file=shown_as, line=line)
    problem = Problem(code="import-file", message=message, place=place, hint=hint)
    return ProblemsFound(f"{shown_as}: {message}", [problem], hint=hint)


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
