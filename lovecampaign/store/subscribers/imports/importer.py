"""Import a CSV file of subscribers, wholly or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lovecampaign.audience.answers import ImportAnswers, check_email_column
from lovecampaign.audience.columns import Column, Columns, Heading, read_columns
from lovecampaign.audience.decisions import Decision, Reject, SkipRow, Subscribe, Suppress
from lovecampaign.audience.doubts import Question, settle_columns, unexplained_answers
from lovecampaign.audience.row_reader import RowReader
from lovecampaign.audience.survey import Survey, survey_rows, watch_rows, without_addresses
from lovecampaign.core.control_characters import drop_control_characters
from lovecampaign.core.csv_file.reader import CsvRow, CsvTable, open_csv
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.problems import Place, Problem, Severity, in_file_order
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.imports.alike import ProblemList
from lovecampaign.store.subscribers.imports.apply import ImportTarget, run_import
from lovecampaign.store.subscribers.imports.verdicts import MAX_LINES, ImportVerdicts
from lovecampaign.store.tables.imports import RowVerdict

#: Problems listed one by one.
MAX_PROBLEMS = MAX_LINES


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The counts of an import or a dry run. All counts but ``read`` sum to ``read``."""

    read: int = 0
    new: int = 0
    updated: int = 0
    #: Rows with nothing new, rows overruled by a later row for the same address, and rows of known
    #: subscribers who are unconfirmed in the file.
    unchanged: int = 0
    #: Rows that cannot be imported, and unconfirmed rows of unknown addresses.
    rejected: int = 0
    #: Rows of suppressed or forgotten addresses: never revived.
    protected: int = 0
    #: Rows that made a suppression.
    suppressed: int = 0
    #: False for a dry run.
    applied: bool = False
    #: Subscribers who left other lists, and who become mailable on this one.
    left_elsewhere: int = 0
    #: In the log of imports; None for a dry run.
    import_id: int | None = None
    problems: tuple[Problem, ...] = ()
    #: Every heading and its recognised column.
    headings: tuple[Heading, ...] = ()
    #: The line of the headings.
    heading_line: int = 1
    #: The tool that exported the file, where recognised: ``Mailchimp``.
    tool: str = ""
    #: Doubts that the operator has to settle: nothing is applied before.
    questions: tuple[Question, ...] = ()


def import_subscribers(
    database: Database,
    path: Path,
    target: ImportTarget,
    *,
    answers: ImportAnswers | None = None,
    apply: bool = False,
) -> ImportReport:
    """Import a CSV file into a list; a dry run with exact counts without ``apply``.

    The change is one transaction at the end; an open question about the file makes it a dry run.
    Raises UsageError for a file that cannot be opened, and for an answer about a column that it
    does not have; all other faults are in the report.
    """
    shown = str(path)
    answers = answers or ImportAnswers()
    name = drop_control_characters(path.name)
    target = replace(target, source=target.source or f"import of {name}", file=name)
    try:
        with contextlib.suppress(_OtherMeaning):
            if (guess := _guess_columns(path, shown, answers)) is not None:
                return _import_rows(database, path, shown, target, guess, apply=apply)
        columns, questions = _survey(path, shown, answers)
        may_apply = apply and not questions
        report = _import_rows(database, path, shown, target, columns, apply=may_apply)
        severity = Severity.ERROR if apply else Severity.WARNING
        place = Place(file=shown, line=report.heading_line)
        asked = [_ask(question, place, severity) for question in questions]
        return replace(report, problems=(*asked, *report.problems), questions=tuple(questions))
    except ProblemsFound as error:
        return ImportReport(problems=error.problems)


class _OtherMeaning(Exception):
    """The values of the file say something that the headings do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SettledColumns:
    """The columns with their values and the answers in mind, and what they hold."""

    settled: Columns
    survey: Survey = field(default_factory=Survey)

    def watch(self, rows: Iterator[CsvRow]) -> Iterator[CsvRow]:
        """The same rows."""
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _ColumnsGuess(_SettledColumns):
    """The columns by their headings, before a row is read.

    Where the values agree, the file is read once. They are known when all rows are staged, and
    nothing is applied before.
    """

    recognised: Columns
    file_name: str

    def watch(self, rows: Iterator[CsvRow]) -> Iterator[CsvRow]:
        """The rows; raises _OtherMeaning behind the last one where the guess is wrong."""
        yield from watch_rows(self.recognised, rows, self.survey)
        found = settle_columns(self.recognised, self.survey, ImportAnswers(), self.file_name)
        if found != (self.settled, []):
            raise _OtherMeaning


def _guess_columns(path: Path, shown: str, answers: ImportAnswers) -> _ColumnsGuess | None:
    """None where answers or values have to explain the columns."""
    if answers != ImportAnswers():
        return None
    with open_csv(path, shown_as=shown) as table:
        recognised = _recognise(table, path, answers)
    if recognised.find(Column.EMAIL) is None:
        return None
    settled, questions = settle_columns(recognised, Survey(), answers, path.name)
    if questions:
        return None
    return _ColumnsGuess(recognised=recognised, settled=settled, file_name=path.name)


def _import_rows(
    database: Database,
    path: Path,
    shown: str,
    target: ImportTarget,
    columns: _SettledColumns,
    *,
    apply: bool,
) -> ImportReport:
    settled = columns.settled
    target = replace(target, keeps_lists=settled.is_ours)
    with open_csv(path, shown_as=shown) as table:
        reader = RowReader(settled, file=shown, now=target.now, extra_tags=target.tags)
        builder = _ReportBuilder(shown, settled, table.heading_line)
        decisions = builder.count(map(reader.decide, columns.watch(table.rows)))
        verdicts = run_import(database, decisions, target, apply=apply, count=builder.counts)
    unexplained = unexplained_answers(settled, columns.survey)
    return builder.report(verdicts, applied=apply, unexplained=unexplained)


def _recognise(table: CsvTable, path: Path, answers: ImportAnswers) -> Columns:
    headings = [drop_control_characters(heading) for heading in table.headings]
    return read_columns(headings, path.name, answers.email)


def _survey(
    path: Path, shown: str, answers: ImportAnswers
) -> tuple[_SettledColumns, list[Question]]:
    """The columns, as their headings, their values and the answers explain them."""
    with open_csv(path, shown_as=shown) as table:
        check_email_column(answers, table.headings)
        columns = _recognise(table, path, answers)
        survey = survey_rows(columns, table.rows)
        if columns.find(Column.EMAIL) is None:
            raise without_addresses(table, shown, survey)
    settled, questions = settle_columns(columns, survey, answers, path.name)
    return _SettledColumns(settled=settled, survey=survey), questions


def _ask(question: Question, place: Place, severity: Severity) -> Problem:
    return Problem(
        code=question.code,
        message=question.message,
        place=place,
        hint=question.hint,
        severity=severity,
    )


class _ReportBuilder:
    """Counts rows and collects problems while the decisions pass through."""

    def __init__(self, shown: str, columns: Columns, heading_line: int) -> None:
        self._shown = shown
        self._columns = columns
        self._heading_line = heading_line
        self._read = 0
        self._rejected = 0
        self._without_consent = 0
        self._problems = ProblemList(MAX_PROBLEMS)

    def count(self, decisions: Iterable[Decision]) -> Iterator[Subscribe | Suppress | SkipRow]:
        for decision in decisions:
            self._read += 1
            if isinstance(decision, Reject):
                self._rejected += 1
                self._problems.add(decision.problem)
                continue
            if isinstance(decision, Subscribe):
                self._without_consent += decision.consent is None
                if decision.warnings:
                    for warning in decision.warnings:
                        self._problems.add(warning)
            yield decision

    def counts(self, verdicts: ImportVerdicts) -> Mapping[str, int]:
        """All counts but ``left_elsewhere`` and ``read`` sum to ``read``."""
        counts = verdicts.counts
        return {
            "read": self._read,
            "new": counts.get(RowVerdict.NEW, 0),
            "updated": counts.get(RowVerdict.UPDATED, 0),
            "unchanged": counts.get(RowVerdict.UNCHANGED, 0) + verdicts.waiting,
            "rejected": self._rejected + verdicts.unknown,
            "protected": counts.get(RowVerdict.PROTECTED, 0),
            "suppressed": counts.get(RowVerdict.SUPPRESSED, 0),
            "left_elsewhere": verdicts.left_elsewhere,
        }

    def report(
        self, verdicts: ImportVerdicts, *, applied: bool, unexplained: Sequence[str]
    ) -> ImportReport:
        tool = self._columns.tool
        for line in verdicts.unknown_lines:
            self._problems.add(self._unconfirmed(line))
        if more := verdicts.unknown - len(verdicts.unknown_lines):
            self._problems.add_more(self._unconfirmed(verdicts.unknown_lines[0]), more)
        return ImportReport(
            **self.counts(verdicts),
            applied=applied,
            import_id=verdicts.import_id,
            problems=(
                *self._file_warnings(verdicts, unexplained),
                *in_file_order(self._problems.listed()),
            ),
            headings=self._columns.headings,
            heading_line=self._heading_line,
            tool=tool or "",
            questions=(),
        )

    def _file_warnings(
        self, verdicts: ImportVerdicts, unexplained: Sequence[str]
    ) -> Iterator[Problem]:
        message, hint = self._columns.note
        if message:
            yield self._warn(message, hint)
        if self._columns.duplicates:
            names = ", ".join(self._columns.duplicates)
            yield self._warn(f"these columns repeat an earlier one: {names}")
        if unexplained:
            yield self._warn(
                f"columns of yes and no that become fields: {', '.join(unexplained)}",
                'if one says who wants no mail, type --gone "COLUMN=VALUE" with that value',
            )
        if self._without_consent:
            yield self._warn(
                f"rows without a consent_at: {self._without_consent:,}",
                "people can be mailed without; keep the proof of their consent elsewhere, or add "
                "the column",
            )
        if verdicts.waiting:
            who = _count_people(verdicts.waiting, "has", "have")
            yield self._warn(f"{who} not confirmed in the file: nothing changes for them")
        if verdicts.elsewhere:
            who = _count_people(verdicts.elsewhere, "is", "are")
            yield self._warn(
                f"{who} known here and not on this list: they stay as they are",
                "an export holds people of all lists; a file with their email column alone "
                "puts them on this one too",
            )
        if verdicts.left_elsewhere:
            who = _count_people(verdicts.left_elsewhere, "has", "have")
            yield self._warn(
                f"{who} left another list here and will get the mail of this one",
                "if they do not expect it, take their rows out of the file first",
            )
        if self._problems.unlisted:
            yield self._warn(f"problems that are not listed: {self._problems.unlisted:,}")

    def _unconfirmed(self, line: int) -> Problem:
        return Problem(
            code="import-row",
            message="not confirmed, so left out",
            place=Place(file=self._shown, line=line),
            hint="nothing to fix: they can sign up again",
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
