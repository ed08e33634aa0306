"""What rows does a spreadsheet's CSV file hold, and on which line does each start?

Files are read as they come out of spreadsheets and other tools: UTF-8, UTF-16 or Windows-1252;
commas, semicolons or tabs; newlines inside quotes. One row is in memory at a time.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from lovecampaign.errors import ProblemsFound, UsageError
from lovecampaign.problems import Place, Problem

SEPARATORS = ",;\t"
#: A line longer than this is no row of a list of people.
MAX_LINE = 1_000_000
#: A cell longer than this is an opening quote that nothing closes (csv's own default).
MAX_CELL = 131_072
_BLOCK = 1 << 20
_SEPARATOR_HINT = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')
#: Bytes that the encoding does not know arrive as these (surrogateescape, or UTF-16's replace).
_DAMAGE = re.compile("[\udc80-\udcff\ufffd]")


class CsvRow(NamedTuple):
    """One row. A tuple, not a dataclass: a million of them are made."""

    #: Physical line where the row starts, from 1.
    line: int
    cells: list[str]
    #: Why the row cannot be used; '' where it can.
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """An open file: what it turned out to be, its headings, and its rows, once."""

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
            _refuse_other_formats(start, shown_as)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            stream.seek(0)
            is_utf8 = _is_utf8(iter(lambda: stream.read(_BLOCK), b""))
            return "utf-8-sig" if is_utf8 else "cp1252"
    except OSError as error:
        raise UsageError(f"{shown_as} cannot be read: {error.strerror}") from error


def _refuse_other_formats(start: bytes, shown_as: str) -> None:
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _unusable(shown_as, "this is a workbook, not a CSV file", hint="save it as CSV UTF-8")
    if start in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise _unusable(shown_as, "this file is in UTF-32", hint="save it as CSV UTF-8")


def _is_utf8(blocks: Iterator[bytes]) -> bool:
    """Whether the bytes are UTF-8, possibly with a few damaged places.

    Windows-1252 letters such as é are not valid UTF-8 when a plain letter follows. So where
    valid multi-byte letters came before the first bad byte, the file is UTF-8 with damage: its
    bad rows are refused one by one, and nobody's name turns into Ã©.
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
    separator = hint[1] if hint else _detect_separator(first)
    lines = _Lines(stream, first=first, before=line - 1)
    rows = _rows(lines, separator)
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


def _detect_separator(heading: str) -> str:
    bare = _QUOTED.sub("", heading)
    return max(SEPARATORS, key=bare.count)


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
        if len(line) >= MAX_LINE and not line.endswith(("\n", "\r")):
            self._skip_to_line_end()
        return line

    def start_row(self) -> None:
        self._held.clear()
        self.fault = ""

    def give_back_all_but_first(self) -> None:
        """Read on behind the line where a broken row started, not behind what it swallowed."""
        rest = self._held[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)

    def _skip_to_line_end(self) -> None:
        self.fault = f"the line is longer than {MAX_LINE:,} characters"
        while (more := self._stream.readline(MAX_LINE)) and not more.endswith(("\n", "\r")):
            pass


def _rows(lines: _Lines, separator: str) -> Iterator[CsvRow]:
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
            continue
        if lines.fault or any(map(str.strip, cells)):
            yield CsvRow(line, cells, lines.fault)


def _explain(error: csv.Error) -> str:
    words = str(error)
    if "unexpected end of data" in words or "field larger than" in words:
        return "a quote is opened and never closed"
    if "expected after" in words:
        return 'a quote stands inside a quoted cell: double it ("")'
    return f"it cannot be read as CSV ({words})"


def _unusable(
    shown_as: str, message: str, *, line: int | None = None, hint: str | None = None
) -> ProblemsFound:
    problem = Problem(
        code="import-file", message=message, place=Place(file=shown_as, line=line), hint=hint
    )
    return ProblemsFound(f"{shown_as}: {message}", [problem], hint=hint)
