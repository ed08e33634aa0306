"""Finds what a file may say and no preset explains, and applies the operator's answers."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lovecampaign.audience.answers import ANY_VALUE, ColumnAnswers, ImportAnswers
from lovecampaign.audience.cells import read_json
from lovecampaign.audience.columns import Column, Columns, Heading, Saying, name_fields
from lovecampaign.audience.dates import DateEvidence
from lovecampaign.audience.status import (
    STATUS_OF_OPTION,
    STATUS_WORDS,
    ImportStatus,
    is_status_word,
)
from lovecampaign.audience.survey import Survey
from lovecampaign.audience.vocabulary.consent import (
    ANSWERS,
    HeadingKind,
    ValueKind,
    is_confirmation,
    kind_of_heading,
    kind_of_value,
    refusing_values,
    status_in_file_name,
)
from lovecampaign.audience.vocabulary.words import field_name

#: Headings that are a part of an address as often as a status.
_ADDRESS_PARTS = frozenset({"state", "estado", "stato"})
#: Columns that keep their meaning though they say nothing of refusal.
_KEPT = frozenset({Column.EMAIL, Column.CONFIRMED_AT})
#: Values that a question shows, and that its answer names one by one.
_MOST_SHOWN = 8
_MOST_NAMED = 3
#: Below these headings, whatever is filled in and is no "no" can mean a refusal.
_NAMED_BY_ANY = frozenset({HeadingKind.REFUSAL, HeadingKind.WEAK_REFUSAL})
#: What a column of confirmations holds for people who agreed.
_DATES = frozenset({ValueKind.DATE, ValueKind.NUMBER})
_YES_AND_NO = {ValueKind.YES, ValueKind.NO}
_SAFE_IN_QUOTES = re.compile(r"[\w .,:;=*/()+@|-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One doubt about a file: what was seen, and what to type."""

    code: str
    message: str
    hint: str
    #: The words to add to the command: the careful answer.
    options: tuple[str, ...] = ()


def settle_columns(
    columns: Columns, survey: Survey, answers: ImportAnswers, file_name: str
) -> tuple[Columns, list[Question]]:
    """The columns with their values and the answers in mind, and what stays open.

    Raises UsageError for an answer about a column that the file does not have.
    """
    headings = [each.heading for each in columns.headings]
    headings += [f"{headings[at]}.{keys}" for at, keys in survey.inside]
    given = ColumnAnswers(answers, headings)
    plain = given.plain | {at for (of, _), at in survey.inside.items() if of in given.plain}
    questions = [
        question
        for at in sorted(survey.values)
        if at not in given.consent
        and at not in plain
        and (question := _ask(columns, headings[at], survey.values[at], given, at))
    ]
    settled = _apply(columns, survey, given)
    status, file_questions = _file_status(settled, answers, file_name, questions)
    questions += [*file_questions, *_date_questions(survey.dates, answers)]
    order = answers.date_order or survey.dates.order
    return replace(settled, file_status=status, date_order=order), questions


def unexplained_answers(columns: Columns, survey: Survey) -> list[str]:
    """Columns of yes and no below headings that no word list knows, with rows of each value.

    Such an answer may be about mail; a question for each would stop most imports.
    """
    if columns.tool:
        return []
    shown = []
    for at in sorted(columns.fields.keys() & survey.values.keys()):
        heading, values = columns.headings[at].heading, _merged(survey.values[at])
        kinds = {kind_of_value(value) for value in values} - {ValueKind.BLANK}
        if kinds == _YES_AND_NO and kind_of_heading(heading) is HeadingKind.NEUTRAL:
            shown.append(f"{_quote(heading)} ({_shown(values)})")
    return shown


def _ask(
    columns: Columns, heading: str, counted: Counter[str], given: ColumnAnswers, at: int
) -> Question | None:
    values = _merged(counted)
    if at in columns.presumed:
        is_asked = _is_unknown_status(values) and field_name(heading) not in _ADDRESS_PARTS
        return _ask_about_words(heading, values) if is_asked and at not in given.gone else None
    if at in columns.status:
        return None
    kind = kind_of_heading(heading)
    refusing = refusing_values(heading, values)
    open_values = [value for value in refusing if not given.is_gone(at, value)]
    if not open_values:
        return None
    return _question(heading, kind, values, open_values)


def _merged(values: Counter[str]) -> Counter[str]:
    """The values without white space around them; '' for every empty cell."""
    merged: Counter[str] = Counter()
    for value, count in values.items():
        merged[value.strip()] += count
    return merged


def _is_unknown_status(values: Counter[str]) -> bool:
    """Whether no value is the word of a status."""
    filled = [value for value in values if kind_of_value(value) is not ValueKind.BLANK]
    return bool(filled) and not any(map(is_status_word, filled))


def _ask_about_words(heading: str, values: Counter[str]) -> Question:
    """No word of the column is known: no answer is careful enough to be proposed."""
    return Question(
        code="import-consent",
        message=f"the column {_quote(heading)} holds no known status "
        f"(rows of each value: {_shown(values)})",
        hint=f"type --plain {_quote(heading)} if it says nothing about mail; or "
        f"--consent {_quote(f'{heading}=VALUE')} for those who want mail, "
        f"--gone {_quote(f'{heading}=VALUE')} for those who left",
    )


def _shown(values: Counter[str]) -> str:
    shown = [
        f"{_quote(value) if value else 'empty'}: {count:,}"
        for value, count in values.most_common(_MOST_SHOWN)
    ]
    return ", ".join(shown) + (", …" if len(values) > _MOST_SHOWN else "")


def _question(
    heading: str, kind: HeadingKind, values: Counter[str], refusing: Sequence[str]
) -> Question:
    has_dates = is_confirmation(heading) and any(kind_of_value(value) in _DATES for value in values)
    agreeing = [
        value
        for value in values
        if value not in refusing
        and kind_of_value(value) in (ANSWERS | _DATES if has_dates else ANSWERS)
    ]
    is_all_known = all(kind_of_value(value) is not ValueKind.TEXT for value in agreeing)
    blank = [value for value in refusing if kind_of_value(value) is ValueKind.BLANK]
    if kind is HeadingKind.CONSENT and agreeing and (blank or is_all_known):
        option, meaning = "--consent", "and everybody else is left out"
        is_short = len(agreeing) <= _MOST_NAMED or len(refusing) > len(blank)
        named = agreeing if is_short and not has_dates else [ANY_VALUE]
    else:
        option = "--gone"
        is_few = len(refusing) <= _MOST_NAMED or kind not in _NAMED_BY_ANY
        named = list(refusing) if is_few else [ANY_VALUE]
        meaning = "and those people never get mail"
    options = [word for value in named for word in (option, f"{heading}={value}")]
    words = " ".join(word if word.startswith("--") else _quote(word) for word in options)
    return Question(
        code="import-consent",
        message=f"the column {_quote(heading)} may say who wants no mail "
        f"(rows of each value: {_shown(values)})",
        hint=f"type {words}, {meaning}; or --plain {_quote(heading)} if it says nothing about mail",
        options=tuple(options),
    )


def _quote(text: str) -> str:
    """The text as a shell takes it."""
    return f'"{text}"' if _SAFE_IN_QUOTES.fullmatch(text) else shlex.quote(text)


def _apply(columns: Columns, survey: Survey, given: ColumnAnswers) -> Columns:
    plain = given.plain | {
        at
        for at in columns.presumed
        if field_name(columns.headings[at].heading) in _ADDRESS_PARTS
        and _is_unknown_status(_merged(survey.values.get(at, Counter())))
    }
    says = [
        each if (told := given.saying(each.position, each.read)) is None else told
        for each in columns.says
        if each.position not in plain
    ]
    known = set(columns.status)
    says += [
        told
        for at in sorted({*given.gone, *given.consent} - known - plain)
        if (told := given.saying(at, None))
    ]
    keys = {at: (of, path) for (of, path), at in survey.inside.items()}
    inside = [_read_inside(each, *keys[each.position]) for each in says if each.position in keys]
    says = [each for each in says if each.position not in keys]
    saying = {each.position for each in says}
    positions = {
        column: at for column, at in columns.positions.items() if at not in plain or column in _KEPT
    }
    rest = {
        at: field_name(heading.heading)
        for at, heading in enumerate(columns.headings)
        if at not in saying and at not in positions.values() and field_name(heading.heading)
    }
    fields = name_fields(rest)
    return replace(
        columns,
        says=(*says, *inside),
        positions=positions,
        fields=fields,
        headings=tuple(
            Heading(heading=each.heading, meaning=_meaning(at, each.meaning, fields, saying))
            for at, each in enumerate(columns.headings)
        ),
    )


def _read_inside(told: Saying, position: int, wanted: str) -> Saying:
    """The same for a value inside of a column's JSON; the worst of several counts."""

    def read(cell: str) -> ImportStatus:
        statuses = [told.read(value) for path, value in read_json(cell) if path == wanted]
        return max(statuses or [told.read("")], key=lambda status: status.rank)

    return Saying(position, read)


def _meaning(at: int, meaning: str, fields: dict[int, str], saying: set[int]) -> str:
    if at in fields:
        return f"fields.{fields[at]}"
    return Column.STATUS.value if at in saying and meaning.startswith("fields.") else meaning


def _file_status(
    columns: Columns, answers: ImportAnswers, file_name: str, open_questions: Sequence[Question]
) -> tuple[ImportStatus | None, list[Question]]:
    if answers.file_status:
        typed = STATUS_OF_OPTION[answers.file_status]
        return (typed if typed.rank else None), []
    stated = columns.file_status or status_in_file_name(file_name)
    if columns.file_status or stated is None:
        return columns.file_status, []
    if columns.says or open_questions or columns.is_ours:
        return None, []
    word = STATUS_WORDS[stated.reason] if stated.reason else "manual"
    return None, [
        Question(
            code="import-file-name",
            message=f"the name {_quote(file_name)} says that these people get no mail, and no "
            "column does",
            hint=f"type --as {word} to suppress them all; or --as subscribed if they want mail",
            options=("--as", word),
        )
    ]


def _date_questions(dates: DateEvidence, answers: ImportAnswers) -> Iterator[Question]:
    if answers.date_order is None and dates.is_open:
        yield Question(
            code="import-dates",
            message=f"dates such as {dates.example} can be read in two ways "
            f"({dates.ambiguous:,} of them), and no other date of the file decides",
            hint="type --dates day-first if that is day/month, --dates month-first if month/day",
        )
