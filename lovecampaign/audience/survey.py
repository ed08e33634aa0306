"""A first reading of a file: the values of its columns, and its dates."""

from __future__ import annotations

import shlex
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

from lovecampaign.audience.cells import read_json
from lovecampaign.audience.columns import Column, Columns, names_addresses
from lovecampaign.audience.dates import DateEvidence
from lovecampaign.audience.vocabulary.consent import (
    NO_VALUES,
    STRONG_SPELLINGS,
    HeadingKind,
    is_confirmation,
    kind_of_heading,
)
from lovecampaign.core.csv_file.reader import CsvRow, CsvTable
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem

#: Rows that are read at once.
_BLOCK = 2_000
#: Rows of a title above the headings.
_LONGEST_TITLE = 20
#: Distinct values of a column that its heading makes no doubt of …
_FEW = 200
#: … and of one that it does.
_MANY = 50_000
#: What a column of many dates of confirmation holds without one.
_UNCONFIRMED = STRONG_SPELLINGS | {
    spelling
    for word in (*NO_VALUES, "0000-00-00", "0000-00-00 00:00:00")
    for spelling in (word, word.upper(), word.capitalize())
}
#: Keys in JSON that make no doubt of themselves.
_MOST_KEYS = 500
_DATES = (
    Column.CONSENT_AT,
    Column.CONFIRMED_AT,
    Column.CONSENT_EXPIRES,
    Column.LAST_ACTIVE_AT,
    Column.UNSUBSCRIBED_AT,
    Column.BOUNCED_AT,
    Column.COMPLAINED_AT,
)
#: These hold no consent, whatever they say.
_NEVER_DOUBTED = (
    Column.EMAIL,
    Column.FIRST_NAME,
    Column.LAST_NAME,
    Column.FULL_NAME,
    Column.TIMEZONE,
    Column.ATTRIBUTES,
    Column.CONSENT_KIND,
    Column.CONSENT_SOURCE,
    *(column for column in _DATES if column is not Column.CONFIRMED_AT),
)


@dataclass(slots=True, kw_only=True)
class Survey:
    """What a file's columns hold."""

    rows: int = 0
    #: Position → value → rows. Columns of many values keep only those that say no.
    values: dict[int, Counter[str]] = field(default_factory=dict)
    #: Position of a column and keys in its JSON → a position behind the columns, in ``values``.
    inside: dict[tuple[int, str], int] = field(default_factory=dict)
    dates: DateEvidence = field(default_factory=DateEvidence)
    #: Position → cells with an @-sign, in a file without a known column of addresses.
    addresses: Counter[int] = field(default_factory=Counter)
    #: In such a file, the line of headings below lines of a title; 0 for none.
    headings_line: int = 0


def survey_rows(columns: Columns, rows: Iterable[CsvRow]) -> Survey:
    """Count the values of all columns that could say who gets no mail."""
    survey = Survey()
    deque(watch_rows(columns, rows, survey), maxlen=0)
    return survey


def without_addresses(table: CsvTable, shown: str, survey: Survey) -> ProblemsFound:
    """The error for a file in which no heading names the addresses."""
    full = [at for at, count in survey.addresses.items() if count * 2 > survey.rows]
    line = table.heading_line
    if survey.headings_line:
        line = survey.headings_line
        message = f"the headings are in line {line}, below other lines"
        hint = f"delete the lines above line {line}"
    elif any("@" in heading for heading in table.headings):
        message = "the first line is a person, not the headings"
        hint = "put a line above it that names the columns, such as: email,first_name"
    elif full:
        heading = table.headings[max(full, key=survey.addresses.__getitem__)]
        message = f"no heading names the column of addresses; {heading!r} is full of them"
        hint = f"type --email {shlex.quote(heading)}, or call that column: email"
    else:
        message = f"no column holds email addresses; there are: {', '.join(table.headings)}"
        hint = "call the column with the addresses: email"
    place = Place(file=shown, line=line)
    problem = Problem(code="import-no-email-column", message=message, place=place, hint=hint)
    return ProblemsFound(f"{shown}: {message}", [problem], hint=hint)


def watch_rows(columns: Columns, rows: Iterable[CsvRow], survey: Survey) -> Iterator[CsvRow]:
    """The same rows, counted on their way; the survey is complete after the last one."""
    source = iter(rows)
    while block := list(islice(source, _BLOCK)):
        if usable := [cells for _, cells, fault in block if not fault]:
            if not survey.rows and columns.find(Column.EMAIL) is None:
                survey.headings_line = _find_headings(block)
            survey.rows += len(usable)
            _take_block(survey, columns, _transposed(usable)[: columns.count])
        yield from block
    for at in survey.inside.values():  # without the key is an empty cell
        survey.values[at][""] += survey.rows - survey.values[at].total()


def _find_headings(rows: Iterable[CsvRow]) -> int:
    """The line of the first rows that names a column of addresses; 0 if none does."""
    return next((row.line for row in islice(rows, _LONGEST_TITLE) if names_addresses(row.cells)), 0)


def _transposed(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The columns; the missing cells of short rows are empty ones."""
    try:
        return list(zip(*rows, strict=True))  # twice as fast
    except ValueError:
        return list(zip_longest(*rows, fillvalue=""))


def _take_block(survey: Survey, columns: Columns, block: Sequence[tuple[str, ...]]) -> None:
    if columns.find(Column.EMAIL) is None:
        for at, cells in enumerate(block):
            survey.addresses[at] += sum("@" in cell for cell in cells)
        return
    if not columns.is_ours:
        doubtful = _doubtful(columns, len(block))
        for at, cells in enumerate(block):
            texts = _count_json(survey, columns, at, cells) if _has_json(cells) else cells
            if at in doubtful:
                _count(survey.values.setdefault(at, Counter()), columns, at, texts)
    for column in _DATES:
        at = columns.positions.get(column, len(block))
        if at < len(block):
            survey.dates.take(block[at])


def _has_json(cells: Sequence[str]) -> bool:
    """Whether one of them may be a JSON object: one search, not one for each cell."""
    return "{" in "".join(cells)


def _count_json(survey: Survey, columns: Columns, at: int, cells: Sequence[str]) -> Sequence[str]:
    """Count the values inside of JSON objects; returns the other cells."""
    heading = columns.headings[at].heading
    others = []
    for cell in cells:
        pairs = {pair: None for pair in read_json(cell) if pair[0]}
        if not pairs:
            others.append(cell)
        for path, value in pairs:
            position = survey.inside.get((at, path))
            if position is None:
                is_neutral = kind_of_heading(f"{heading}.{path}") is HeadingKind.NEUTRAL
                if is_neutral and len(survey.inside) >= _MOST_KEYS:
                    continue
                position = survey.inside[at, path] = columns.count + len(survey.inside)
            values = survey.values.setdefault(position, Counter())
            if len(values) < _MANY or value in values or value in STRONG_SPELLINGS:
                values[value] += 1
    return others


def _doubtful(columns: Columns, count: int) -> set[int]:
    known = {at for column in _NEVER_DOUBTED if (at := columns.find(column)) is not None}
    return set(range(count)) - known - columns.explained


def _count(values: Counter[str], columns: Columns, at: int, cells: Sequence[str]) -> None:
    heading = columns.headings[at].heading
    confirms = is_confirmation(heading)
    is_neutral = confirms or kind_of_heading(heading) is HeadingKind.NEUTRAL
    most = _FEW if is_neutral and at not in columns.presumed else _MANY
    if len(values) > most:
        kept = _UNCONFIRMED if confirms else STRONG_SPELLINGS
        if seen := kept.intersection(cells):
            values.update(cell for cell in cells if cell in seen)
    else:
        values.update(cells)
