"""Reading a whole file of subscribers in tests, without a database."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime

from lovecampaign.audience.answers import ImportAnswers
from lovecampaign.audience.columns import Columns, read_columns
from lovecampaign.audience.decisions import Decision, Reject, SkipRow, Subscribe, Suppress
from lovecampaign.audience.doubts import Question, settle_columns, unexplained_answers
from lovecampaign.audience.row_reader import RowReader
from lovecampaign.audience.survey import survey_rows
from lovecampaign.core.csv_file.reader import CsvRow

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """What became of a file's rows, and what is asked about it."""

    columns: Columns
    questions: list[Question]
    decisions: list[Decision]
    #: Columns of yes and no that become fields.
    unexplained: list[str]

    @property
    def words(self) -> list[str]:
        """``mail``, the reason of a suppression, or ``left out``, row by row."""
        return [_word_of(decision) for decision in self.decisions]


def _word_of(decision: Decision) -> str:
    match decision:
        case Subscribe():
            return "mail"
        case Suppress():
            return decision.reason.value
        case SkipRow() | Reject():
            return "left out"


def read_file(text: str, name: str = "people.csv", **answers: object) -> ReadFile:
    """Read CSV text as the import does; ``answers`` are the fields of ImportAnswers."""
    given = ImportAnswers(**answers)  # type: ignore[arg-type]
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    headings, *cells = csv.reader(io.StringIO(text), delimiter=separator)
    columns = read_columns(headings, name, given.email)
    survey = survey_rows(columns, (CsvRow(at, list(row)) for at, row in enumerate(cells, 2)))
    columns, questions = settle_columns(columns, survey, given, name)
    reader = RowReader(columns, file=name, now=NOW)
    decisions = [reader.decide(CsvRow(at, list(row))) for at, row in enumerate(cells, 2)]
    return ReadFile(
        columns=columns,
        questions=questions,
        decisions=decisions,
        unexplained=unexplained_answers(columns, survey),
    )
