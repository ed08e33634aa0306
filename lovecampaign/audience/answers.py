"""What the operator says about a file's columns, name and dates (options of ``import``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lovecampaign.audience.columns import Saying
from lovecampaign.audience.dates import DateOrder
from lovecampaign.audience.status import (
    ACTIVE,
    NO_CONSENT,
    ImportStatus,
    StatusReader,
    is_status_word,
    parse_status,
    worse,
)
from lovecampaign.audience.vocabulary.consent import ValueKind, kind_of_value, reason_in
from lovecampaign.audience.vocabulary.words import field_name, word_of
from lovecampaign.core.errors import UsageError

#: In place of a value: every cell that is not empty.
ANY_VALUE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAnswers:
    """The options of an import; texts are as typed: ``COLUMN=VALUE``."""

    gone: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    #: A word of ``STATUS_OF_OPTION``: the status of all people in the file.
    file_status: str = ""
    date_order: DateOrder | None = None
    #: The heading of the column of addresses.
    email: str = ""

    def as_options(self) -> list[str]:
        """The same answers as words of a command line."""
        pairs = [
            *(("--gone", text) for text in self.gone),
            *(("--consent", text) for text in self.consent),
            *(("--plain", text) for text in self.plain),
            ("--as", self.file_status),
            ("--dates", self.date_order.value if self.date_order else ""),
            ("--email", self.email),
        ]
        return [word for pair in pairs if pair[1] for word in pair]


class ColumnAnswers:
    """The answers to the questions about one file's columns, by position."""

    def __init__(self, answers: ImportAnswers, headings: Sequence[str]) -> None:
        """Raises UsageError for a column that the file does not have."""
        self._headings = headings
        self.gone = self._values(answers.gone, "--gone")
        self.consent = self._values(answers.consent, "--consent")
        plain = {at for text in answers.plain for at in self._positions(text)}
        #: A column that says who left is not plain, whatever else is typed.
        self.plain = plain - self.gone.keys() - self.consent.keys()

    def is_gone(self, position: int, cell: str) -> bool:
        words = self.gone.get(position, set())
        return word_of(cell) in words or (ANY_VALUE in words and _is_any_value(cell))

    def saying(self, position: int, presumed: StatusReader | None) -> Saying | None:
        """The column's meaning; ``presumed`` is what its values say without an answer."""
        if position not in self.gone and position not in self.consent:
            return None
        heading = self._headings[position]
        consents = self.consent.get(position)

        def read(cell: str) -> ImportStatus:
            if self.is_gone(position, cell):
                stated = parse_status(cell) if is_status_word(cell) else ACTIVE
                return worse(reason_in(heading), worse(reason_in(cell), stated))
            if consents is None:
                return presumed(cell) if presumed else ACTIVE
            is_any = ANY_VALUE in consents and _is_any_value(cell)
            if word_of(cell) in consents or (is_any and not _is_bad_status(cell)):
                return ACTIVE
            return parse_status(cell) if is_status_word(cell) else NO_CONSENT

        return Saying(position, read)

    def _values(self, texts: Sequence[str], option: str) -> dict[int, set[str]]:
        values: dict[int, set[str]] = {}
        for text in texts:
            heading, value = self._split(text, option)
            for at in self._positions(heading):
                values.setdefault(at, set()).add(
                    ANY_VALUE if value == ANY_VALUE else word_of(value)
                )
        return values

    def _split(self, text: str, option: str) -> tuple[str, str]:
        """The longest known heading before an equals sign, and the value behind it."""
        known = set(map(field_name, self._headings))
        parts = text.split("=")
        for end in range(len(parts) - 1, 0, -1):
            if field_name("=".join(parts[:end])) in known:
                return "=".join(parts[:end]), "=".join(parts[end:]).strip()
        if len(parts) == 1:
            hint = f'write it like {option} "Column=value"'
            raise UsageError(f"{option} {text} is not COLUMN=VALUE", hint=hint)
        raise self._unknown(parts[0])

    def _positions(self, heading: str) -> list[int]:
        wanted = field_name(heading)
        found = [at for at, each in enumerate(self._headings) if field_name(each) == wanted]
        if not found:
            raise self._unknown(heading)
        return found

    def _unknown(self, heading: str) -> UsageError:
        there = ", ".join(each for each in self._headings if each)
        return UsageError(f"the file has no column {heading!r}", hint=f"its columns are: {there}")


def _is_any_value(cell: str) -> bool:
    """Whether ``*`` stands for the cell: one that says neither nothing nor no."""
    return kind_of_value(cell) not in {ValueKind.BLANK, ValueKind.NO}


def _is_bad_status(cell: str) -> bool:
    return kind_of_value(cell) is ValueKind.BAD_STATUS


def check_email_column(answers: ImportAnswers, headings: Sequence[str]) -> None:
    """Raises UsageError if the file does not have the named column of addresses."""
    if answers.email:
        ColumnAnswers(ImportAnswers(plain=(answers.email,)), headings)
