"""Recognition of the columns of a subscribers' file by their headings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from lovecampaign.audience.dates import DateOrder
from lovecampaign.audience.presets.load import Layout, find_layout
from lovecampaign.audience.status import (
    ImportStatus,
    StatusReader,
    bounced_by_date,
    complained_by_date,
    parse_status,
    status_from_file_name,
    status_from_unsubscribe_reason,
    unsubscribed_by_date,
)
from lovecampaign.audience.vocabulary.consent import is_question
from lovecampaign.audience.vocabulary.words import field_name


class Column(StrEnum):
    """The columns with a meaning (docs/reference.md, "Files of subscribers")."""

    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "name"  #: split into first and last name in files without first_name
    TIMEZONE = "timezone"
    LANGUAGE = "language"
    TAGS = "tags"
    CONSENT_AT = "consent_at"
    CONFIRMED_AT = "confirmed_at"  #: of the consent: the second step of a double opt-in
    CONSENT_SOURCE = "consent_source"
    CONSENT_KIND = "consent_kind"
    CONSENT_EXPIRES = "consent_expires"
    LAST_ACTIVE_AT = "last_active_at"
    STATUS = "status"
    UNSUBSCRIBED_AT = "unsubscribed_at"  #: filled in: unsubscribed
    BOUNCED_AT = "bounced_at"  #: filled in: the address bounces
    COMPLAINED_AT = "complained_at"
    UNSUBSCRIBE_REASON = "unsubscribe_reason"
    ATTRIBUTES = "attributes"  #: listmonk: a JSON object; each key becomes a field


#: The columns of our export, in order; the fields follow.
EXPORTED = (
    Column.EMAIL,
    Column.FIRST_NAME,
    Column.LAST_NAME,
    Column.TIMEZONE,
    Column.TAGS,
    Column.CONSENT_AT,
    Column.CONFIRMED_AT,
    Column.CONSENT_SOURCE,
    Column.CONSENT_KIND,
    Column.CONSENT_EXPIRES,
    Column.LAST_ACTIVE_AT,
    Column.STATUS,
    Column.LANGUAGE,
)
#: Columns that exports of older versions lack.
_NEWER = frozenset({Column.LANGUAGE.value})


#: The name of our own export: every other column is a field of exactly that name.
OUR_TOOL = "lovecampaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One heading and its recognised meaning, shown by the import."""

    heading: str
    #: A Column's value, or ``fields.NAME``.
    meaning: str


class Saying(NamedTuple):
    """A column that says who gets no mail, and the meaning of its cells."""

    position: int
    read: StatusReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The recognised columns of a file; positions count from 0."""

    positions: Mapping[Column, int]
    #: All columns that say who gets no mail; the worst status counts.
    says: tuple[Saying, ...]
    #: Status columns by their heading alone: their values must agree.
    presumed: tuple[int, ...] = ()
    #: Position → name under ``fields``.
    fields: Mapping[int, str]
    #: The tool that exported the file.
    tool: str | None
    #: What the tool's export cannot say, as a warning and its hint.
    note: tuple[str, str] = ("", "")
    #: The status of all rows, where the file's name or the operator states it.
    file_status: ImportStatus | None
    headings: tuple[Heading, ...]
    #: Headings with the meaning of an earlier one, which became fields.
    duplicates: tuple[str, ...]
    #: A row with empty cells in all of these never subscribed.
    never_asked_without: tuple[int, ...] = ()
    #: Columns that a preset or the operator explains.
    explained: frozenset[int] = frozenset()
    #: The order of day and month in ambiguous dates.
    date_order: DateOrder | None = None

    @property
    def count(self) -> int:
        return len(self.headings)

    @property
    def is_ours(self) -> bool:
        return self.tool == OUR_TOOL

    @property
    def status(self) -> tuple[int, ...]:
        """The positions of the columns that say who gets no mail."""
        return tuple(saying.position for saying in self.says)

    def find(self, column: Column) -> int | None:
        return self.positions.get(column)


_WORDS = tomllib.loads((Path(__file__).parent / "vocabulary" / "headings.toml").read_text("utf-8"))
_KNOWN = {heading: Column(column) for column, known in _WORDS.items() for heading in known}

#: Headings of addresses that count only without a better one.
_SECOND_BEST = "user_email customer_email billing_email e_mail_1_value email_1_value subscriber"
_SECOND_BEST_EMAIL = frozenset(_SECOND_BEST.split())
_SEPARATOR = re.compile("[,;\t|]")
#: The meaning of a filled cell in a column of dates or reasons.
_SAID_BY = {
    Column.UNSUBSCRIBED_AT: unsubscribed_by_date,
    Column.UNSUBSCRIBE_REASON: status_from_unsubscribe_reason,
    Column.BOUNCED_AT: bounced_by_date,
    Column.COMPLAINED_AT: complained_by_date,
}


def names_addresses(cells: Sequence[str]) -> bool:
    """Whether the row is one of headings, read with whatever separator."""
    slugs = map(field_name, _SEPARATOR.split(";".join(cells)))
    return any(_meaning(slug, None) is Column.EMAIL for slug in slugs)


def read_columns(headings: Sequence[str], file_name: str = "", email: str = "") -> Columns:
    """Recognise the headings; the caller checks that there is a ``Column.EMAIL``.

    ``email`` is the heading of the addresses, where the operator names it.
    """
    slugs = [field_name(heading) for heading in headings]
    is_ours = not set(EXPORTED) - _NEWER - set(slugs)  # a field may be called as another's column
    layout = None if is_ours else find_layout(slugs)
    meanings = _exported(slugs) if is_ours else _meanings(slugs, layout)
    if not is_ours:  # "Mail?" holds a yes or no
        meanings = [
            None if column is Column.EMAIL and is_question(heading) else column
            for heading, column in zip(headings, meanings, strict=True)
        ]
    if email:
        meanings = _with_email(meanings, slugs.index(field_name(email)))
    positions = _first_positions(meanings)
    says = tuple(_sayings(slugs, meanings, layout))
    taken = {*positions.values(), *(saying.position for saying in says)}
    rest = {at: slug for at, slug in enumerate(slugs) if slug and at not in taken}
    fields = name_fields(rest)
    shown = {at: f"fields.{name}" for at, name in fields.items()}
    shown |= {saying.position: Column.STATUS.value for saying in says}
    shown |= {at: column.value for at, column in enumerate(meanings) if column and at in taken}
    return Columns(
        positions=positions,
        says=says,
        presumed=tuple(
            at
            for at, column in enumerate(meanings)
            if column is Column.STATUS and not (is_ours or (layout and layout.explains(slugs[at])))
        ),
        fields=fields,
        tool=OUR_TOOL if is_ours else layout.tool if layout else None,
        note=(layout.note, layout.note_hint) if layout else ("", ""),
        file_status=status_from_file_name(file_name)
        if layout and layout.tool == "Mailchimp"
        else None,
        headings=tuple(
            Heading(heading=heading.strip(), meaning=shown.get(at, ""))
            for at, heading in enumerate(headings)
        ),
        duplicates=tuple(
            headings[at].strip()
            for at in rest
            if meanings[at] is not None and slugs[at] not in _SECOND_BEST_EMAIL
        ),
        never_asked_without=_find_all(slugs, layout.never_asked_without) if layout else (),
        explained=frozenset(range(len(slugs)))
        if is_ours
        else frozenset(at for at, slug in enumerate(slugs) if layout and layout.explains(slug)),
    )


def _find_all(slugs: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    """The positions of all these headings; none if one is missing."""
    found = tuple(slugs.index(slug) for slug in wanted if slug in slugs)
    return found if len(found) == len(wanted) else ()


def _exported(slugs: Sequence[str]) -> list[Column | None]:
    """A field may have the name of a column: only the first one counts."""
    ours = set(EXPORTED)
    return [
        Column(slug) if slug in ours and slugs.index(slug) == at else None
        for at, slug in enumerate(slugs)
    ]


def _meanings(slugs: Sequence[str], layout: Layout | None) -> list[Column | None]:
    meanings = [_meaning(slug, layout) for slug in slugs]
    if _has_better_email(slugs, meanings):
        meanings = [
            None if column is Column.EMAIL and slug in _SECOND_BEST_EMAIL else column
            for slug, column in zip(slugs, meanings, strict=True)
        ]
    else:
        best = [slug for slug in _SECOND_BEST.split() if slug in slugs]
        meanings = [
            None if column is Column.EMAIL and slug != best[0] else column
            for slug, column in zip(slugs, meanings, strict=True)
        ]
    if Column.FIRST_NAME in meanings:  # a full name is split only without a first name
        return [None if column is Column.FULL_NAME else column for column in meanings]
    return meanings


def _has_better_email(slugs: Sequence[str], meanings: Sequence[Column | None]) -> bool:
    return not _SECOND_BEST_EMAIL & set(slugs) or any(
        column is Column.EMAIL and slug not in _SECOND_BEST_EMAIL
        for slug, column in zip(slugs, meanings, strict=True)
    )


def _meaning(slug: str, layout: Layout | None) -> Column | None:
    if layout:
        if slug in layout.columns:
            return Column(layout.columns[slug])
        if layout.reader_of(slug) or slug in layout.plain:
            return None
    return Column.EMAIL if slug in _SECOND_BEST_EMAIL else _KNOWN.get(slug)


def _with_email(meanings: Sequence[Column | None], at: int) -> list[Column | None]:
    others = [None if column is Column.EMAIL else column for column in meanings]
    return [*others[:at], Column.EMAIL, *others[at + 1 :]]


def _sayings(
    slugs: Sequence[str], meanings: Sequence[Column | None], layout: Layout | None
) -> Iterator[Saying]:
    for at, (slug, column) in enumerate(zip(slugs, meanings, strict=True)):
        if column is Column.STATUS:
            yield Saying(at, parse_status)
        elif column in _SAID_BY:
            yield Saying(at, _SAID_BY[column])
        elif column is None and layout and (reader := layout.reader_of(slug)):
            yield Saying(at, reader)


def _first_positions(meanings: Sequence[Column | None]) -> dict[Column, int]:
    positions: dict[Column, int] = {}
    for at, column in enumerate(meanings):
        if column is not None and column is not Column.STATUS:
            positions.setdefault(column, at)
    return positions


def name_fields(slugs: Mapping[int, str]) -> dict[int, str]:
    """Unique field names: the second ``name`` becomes ``name_2``."""
    names: dict[str, int] = {}
    last: dict[str, int] = {}
    for at, slug in slugs.items():
        name, number = slug, last.get(slug, 1)
        while name in names:
            number += 1
            name = f"{slug}_{number}"
        names[name], last[slug] = at, number
    return {at: name for name, at in names.items()}
