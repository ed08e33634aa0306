"""Source files of any common encoding: text, lines and places."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.core.problems import Place, Problem, Severity

#: The longest example file has 6 kB, a book 1 MB.
MAX_BYTES = 1_000_000

#: What YAML 1.2 (section 5.1, c-printable) excludes, and a byte order mark inside the text.
#: Written out, as the complement of what YAML allows takes 6 ms longer to compile.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")

#: Replaces bytes that are not text in the file's encoding.
DAMAGE = "\ufffd"
#: UTF-32 first: its little-endian mark starts with UTF-16's.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A part of one line; line and column count from 1."""

    line: int
    column: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file's name, and its text with ``\\n`` line ends."""

    #: Relative to the workspace.
    name: str
    text: str
    lines: tuple[str, ...]

    def problem(
        self,
        code: ProblemCode,
        message: str,
        spot: Spot,
        *,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> Problem:
        """A problem at a spot of this file, with an excerpt."""
        return Problem(
            code=code.value,
            message=message,
            place=Place(file=self.name, line=spot.line, column=spot.column),
            hint=hint,
            severity=severity,
            excerpt=self.line(spot.line),
            width=max(1, min(spot.width, len(self.line(spot.line)) - spot.column + 1)),
        )

    def line(self, number: int) -> str:
        """The line with that number; empty behind the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def make_source(name: str, text: str) -> Source:
    """A source from text in memory."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return Source(name=name, text=unified, lines=tuple(unified.split("\n")))


def read_source(path: Path, name: str) -> tuple[Source | None, tuple[Problem, ...]]:
    """Read a file in UTF-8, UTF-16 or Windows-1252; None for an unreadable one.

    Each kind of unprintable character is a problem; they become U+FFFD.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except (OSError, ValueError) as error:
        return None, (_cannot_read(name, error),)
    if raw is None:
        return None, (
            _file_problem(ProblemCode.FILE_TOO_LARGE, name, f"{name} is larger than 1 MB"),
        )
    source = make_source(name, decode(raw))
    damage = () if DAMAGE.encode() in raw else _damage_problems(source)
    problems = (*_unprintable_problems(source), *damage)
    if not problems:
        return source, ()
    return make_source(name, UNPRINTABLE.sub(DAMAGE, source.text)), problems


def decode(raw: bytes) -> str:
    """The text of bytes in any encoding of editors and word processors; never fails."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, errors="replace")
    if utf16 := _bare_utf16(raw):
        return raw.decode(utf16, errors="replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        damaged = raw.decode("utf-8", errors="replace")
    if any(character > "\x7f" and character != DAMAGE for character in damaged):
        return damaged  # valid UTF-8 letters: the rest is damage, not another encoding
    # Windows-1252 does not define five bytes: they become U+FFFD.
    return raw.decode("cp1252", errors="replace")


def _bare_utf16(raw: bytes) -> str | None:
    """UTF-16 without a byte order mark: spaces and line ends have a zero byte, always on one side.

    In any script that is at least every twentieth byte; other text has no zeros.
    """
    head = raw[:4_000]
    first, second = head[0::2].count(0), head[1::2].count(0)
    if first + second < max(2, len(head) / 20):
        return None
    if second > 10 * first:
        return "utf-16-le"
    return "utf-16-be" if first > 10 * second else None


def find_piece(source: Source, start: Spot, piece: str, earlier: int = 0) -> Spot | None:
    """The spot of a piece of the value at ``start``, after ``earlier`` equal ones.

    The value may be quoted or have several lines. None if the file spells the piece in another
    way than the value: with an escape or a line break in it.
    """
    return next(islice(_occurrences(source, start, piece), earlier, None), None)


def _occurrences(source: Source, start: Spot, piece: str) -> Iterator[Spot]:
    for number in _lines_of_value(source, start) if piece else ():
        line = source.line(number)
        at = line.find(piece, start.column - 1 if number == start.line else 0)
        while at >= 0:
            yield Spot(line=number, column=at + 1, width=len(piece))
            at = line.find(piece, at + len(piece))


def _lines_of_value(source: Source, start: Spot) -> Iterator[int]:
    """The first line of the value, and the lines below with a deeper indentation."""
    yield start.line
    margin = _margin(source.line(start.line))
    for number in range(start.line + 1, len(source.lines) + 1):
        line = source.line(number)
        if line.strip() and _margin(line) <= margin:
            return
        yield number


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _unprintable_problems(source: Source) -> list[Problem]:
    """One problem per unprintable character, at its first place."""
    first: dict[str, Problem] = {}
    for number, line in enumerate(source.lines, start=1):
        for match in UNPRINTABLE.finditer(line):
            name = f"U+{ord(match[0]):04X}"
            if name not in first:
                first[name] = source.problem(
                    ProblemCode.UNPRINTABLE,
                    f"the character {name} cannot be shown",
                    Spot(line=number, column=match.start() + 1),
                    hint="take it out; it often comes along when text is pasted",
                )
    return list(first.values())


def _damage_problems(source: Source) -> Iterator[Problem]:
    """The first letter that was lost to the file's encoding."""
    for number, line in enumerate(source.lines, start=1):
        if DAMAGE in line:
            yield source.problem(
                ProblemCode.UNPRINTABLE,
                "a letter here is damaged: the file was saved in two encodings",
                Spot(line=number, column=line.index(DAMAGE) + 1),
                hint="type it again, and save the file as UTF-8",
            )
            return


def _cannot_read(name: str, error: OSError | ValueError) -> Problem:
    if isinstance(error, FileNotFoundError):
        return _file_problem(ProblemCode.UNREADABLE_FILE, name, f"{name} does not exist")
    reason = error.strerror if isinstance(error, OSError) else None
    return _file_problem(
        ProblemCode.UNREADABLE_FILE,
        name,
        f"{name} cannot be read: {reason or 'its name cannot be a path'}",
    )


def _file_problem(code: ProblemCode, name: str, message: str) -> Problem:
    return Problem(code=code.value, message=message, place=Place(file=name))
