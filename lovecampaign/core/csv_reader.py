"""What rows does a spreadsheet's CSV file hold, and on which line does each start?

Files are read as they come out of spreadsheets and other tools: UTF-8, UTF-16 or Windows-1252;
commas, semicolons or tabs; newlines inside quotes. A few hundred rows are in memory at a time.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lovecampaign.core.csv_rows import MAX_LINE, CsvRow, read_rows
from lovecampaign.core.errors import ProblemsFound, UsageError
from lovecampaign.core.problems import Place, Problem

SEPARATORS = ",;\t"
_BLOCK = 1 << 20
_SEPARATOR_HINT = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


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
        raise _unusable(
            shown_as,
            "this is a workbook or a ZIP archive, not a CSV file",
            hint="save the workbook as CSV UTF-8, or unpack the archive",
        )
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


def _detect_separator(heading: str) -> str:
    bare = _QUOTED.sub("", heading)
    return max(SEPARATORS, key=bare.count)


def _unusable(
    shown_as: str, message: str, *, line: int | None = None, hint: str | None = None
) -> ProblemsFound:
    problem = Problem(
        code="import-file", message=message, place=Place(file=shown_as, line=line), hint=hint
    )
    return ProblemsFound(f"{shown_as}: {message}", [problem], hint=hint)
