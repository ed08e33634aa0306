"""How does a file of people get into the database, wholly or not at all?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lovecampaign.audience.columns import Column, Columns, ExportTool, Heading, read_columns
from lovecampaign.audience.decisions import Decision, Reject, SkipRow, Subscribe, Suppress
from lovecampaign.audience.row_reader import RowReader
from lovecampaign.core.csv_reader import CsvTable, open_csv
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem, Severity, in_file_order
from lovecampaign.store.database.engine import Database
from lovecampaign.store.imports.apply import Enrolment, run_enrolment
from lovecampaign.store.imports.verdicts import MAX_LINES, Judgement
from lovecampaign.store.tables.imports import RowVerdict

#: Problems listed one by one.
MAX_PROBLEMS = MAX_LINES


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or would do. All counts but ``read`` sum to ``read``."""

    read: int = 0
    new: int = 0
    updated: int = 0
    #: Rows that say nothing new, rows that a later row for the same address overrules, and rows
    #: of people known here who have not confirmed, in the file.
    unchanged: int = 0
    #: Rows that cannot be taken, and rows of unknown people who have not confirmed.
    rejected: int = 0
    #: Rows about people who left, bounced, complained or were forgotten: never revived.
    protected: int = 0
    #: Rows that made a suppression.
    suppressed: int = 0
    #: False for a dry run.
    applied: bool = False
    problems: tuple[Problem, ...] = ()
    #: Every heading and what it was taken for.
    headings: tuple[Heading, ...] = ()
    #: The tool whose export it is, where we know it: ``Mailchimp``.
    tool: str = ""


def import_subscribers(
    database: Database, path: Path, enrolment: Enrolment, *, apply: bool = False
) -> ImportReport:
    """Read a CSV file of people into a list; a dry run that counts exactly, until ``apply``.

    The change is one transaction at the end. Raises UsageError for a file that cannot be opened;
    whatever is wrong inside is in the report.
    """
    shown = str(path)
    enrolment = replace(enrolment, source=enrolment.source or f"import of {path.name}")
    try:
        with open_csv(path, shown_as=shown) as table:
            columns = _read_columns(table, shown, path.name)
            enrolment = replace(enrolment, keeps_lists=columns.tool is ExportTool.OURS)
            reader = RowReader(columns, file=shown, now=enrolment.now, extra_tags=enrolment.tags)
            tally = _Tally(shown, columns, table.heading_line)
            decisions = tally.sift(map(reader.decide, table.rows))
            judgement = run_enrolment(database, decisions, enrolment, apply=apply)
            return tally.report(judgement, applied=apply)
    except ProblemsFound as error:
        return ImportReport(problems=error.problems)


def _read_columns(table: CsvTable, shown: str, file_name: str) -> Columns:
    columns = read_columns(table.headings, file_name)
    if columns.find(Column.EMAIL) is not None:
        return columns
    if any("@" in heading for heading in table.headings):
        message = "the first line is a person, not the headings"
        hint = "put a line above it that names the columns, such as: email,first_name"
    else:
        message = f"no column holds email addresses; there are: {', '.join(table.headings)}"
        hint = "call the column with the addresses: email"
    place = Place(file=shown, line=table.heading_line)
    problem = Problem(code="import-no-email-column", message=message, place=place, hint=hint)
    raise ProblemsFound(f"{shown}: {message}", [problem], hint=hint)


class _Tally:
    """Counts rows and keeps problems while the decisions pass by."""

    def __init__(self, shown: str, columns: Columns, heading_line: int) -> None:
        self._shown = shown
        self._columns = columns
        self._heading_line = heading_line
        self._read = 0
        self._rejected = 0
        self._without_consent = 0
        self._problems: list[Problem] = []
        self._unlisted = 0

    def sift(self, decisions: Iterable[Decision]) -> Iterator[Subscribe | Suppress | SkipRow]:
        for decision in decisions:
            self._read += 1
            if isinstance(decision, Reject):
                self._rejected += 1
                self._list([decision.problem])
                continue
            if isinstance(decision, Subscribe):
                self._without_consent += decision.consent is None
                if decision.warnings:
                    self._list(decision.warnings)
            yield decision

    def report(self, judgement: Judgement, *, applied: bool) -> ImportReport:
        counts, tool = judgement.counts, self._columns.tool
        self._list([self._not_confirmed(line) for line in judgement.unknown_lines])
        self._unlisted += judgement.unknown - len(judgement.unknown_lines)
        return ImportReport(
            read=self._read,
            new=counts.get(RowVerdict.NEW, 0),
            updated=counts.get(RowVerdict.UPDATED, 0),
            unchanged=counts.get(RowVerdict.UNCHANGED, 0) + judgement.waiting,
            rejected=self._rejected + judgement.unknown,
            protected=counts.get(RowVerdict.PROTECTED, 0),
            suppressed=counts.get(RowVerdict.SUPPRESSED, 0),
            applied=applied,
            problems=(*self._about_the_file(judgement), *in_file_order(self._problems)),
            headings=self._columns.headings,
            tool=tool.value if tool else "",
        )

    def _list(self, problems: Sequence[Problem]) -> None:
        room = MAX_PROBLEMS - len(self._problems)
        self._problems += problems[:room]
        self._unlisted += len(problems[room:])

    def _about_the_file(self, judgement: Judgement) -> Iterator[Problem]:
        if self._columns.duplicates:
            names = ", ".join(self._columns.duplicates)
            yield self._warn(f"these columns say again what an earlier one says: {names}")
        if self._without_consent:
            yield self._warn(
                f"rows without a consent_at: {self._without_consent:,}",
                "people can be mailed without; keep the proof of their consent elsewhere, or add "
                "the column",
            )
        if judgement.waiting:
            who = _count_people(judgement.waiting, "has", "have")
            yield self._warn(f"{who} not confirmed, says the file: what is known here stays")
        if judgement.elsewhere:
            who = _count_people(judgement.elsewhere, "is", "are")
            yield self._warn(
                f"{who} known here and not on this list: they stay as they are",
                "an export holds people of all lists; a file with their email column alone "
                "puts them on this one too",
            )
        if self._unlisted:
            yield self._warn(f"problems that are not listed: {self._unlisted:,}")

    def _not_confirmed(self, line: int) -> Problem:
        return Problem(
            code="import-row",
            message="they have not confirmed, and are left out",
            place=Place(file=self._shown, line=line),
            hint="nothing to mend: who wants to hear from you can sign up again",
        )

    def _warn(self, message: str, hint: str | None = None) -> Problem:
        return Problem(
            code="import-columns",
            message=message,
            place=Place(file=self._shown, line=self._heading_line),
            hint=hint,
            severity=Severity.WARNING,
        )


def _count_people(count: int, one_does: str, many_do: str) -> str:
    return f"1 person {one_does}" if count == 1 else f"{count:,} people {many_do}"
