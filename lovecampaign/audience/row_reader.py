"""Rows of a subscribers' file → decisions.

Pure: nothing is looked up. The store knows whether a subscriber is new, known or suppressed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from lovecampaign.audience.address import (
    InvalidAddress,
    normalise,
    plain_address,
    suggest_address,
)
from lovecampaign.audience.cells import (
    clean_all,
    collapse_spaces,
    find_language,
    find_zone,
    read_consent,
    split_tags,
)
from lovecampaign.audience.columns import Column, Columns
from lovecampaign.audience.dates import DateOrder, parse_datetime
from lovecampaign.audience.decisions import Decision, Reject, SkipRow, Subscribe, Suppress
from lovecampaign.audience.status import (
    ACTIVE,
    NO_CONSENT,
    UNCONFIRMED,
    ImportStatus,
    is_filled,
    worse,
)
from lovecampaign.audience.subscriber import Consent, SuppressionReason
from lovecampaign.audience.vocabulary.words import field_name
from lovecampaign.core.csv_file.reader import CsvRow
from lovecampaign.core.problems import Place, Problem, Severity

#: Time zones are up to 14 hours ahead of UTC, and a cell without an offset is read as UTC.
_AHEAD_OF_UTC = timedelta(hours=14)
#: Spreadsheets put an apostrophe before a text, and people put signs around an address.
_AROUND_ADDRESS = "'’‘`´\"“”„<> \t"
_UNKNOWN_STATUS_HINT = (
    'if it says that they left, add --gone "COLUMN=VALUE"; if they want mail, --consent'
)
#: Google Contacts writes several addresses into one cell.
_NEXT_ADDRESS = ":::"
#: ``Ana <ana@bloom.example>``, as mail programs write it.
_NAME_AND_ADDRESS = re.compile(r"[^<>@]*<([^<>]+)>\W*")
#: A warning's message and hint: part of a row was ignored.
_Warning = tuple[str, str | None]


#: Makes a NamedTuple in a third of its own constructor's time.
_new_tuple = tuple.__new__


class _CellPositions:
    """The position of each column; a missing column has an empty cell behind the last one.

    Attributes, since each of a million rows needs twenty, and a dict lookup by enum is slower.
    """

    def __init__(self, columns: Columns) -> None:
        def at(column: Column) -> int:
            return columns.positions.get(column, columns.count)

        self.says = columns.says
        self.never_asked_without = columns.never_asked_without
        self.fields = tuple((name, position) for position, name in columns.fields.items())
        self.email = at(Column.EMAIL)
        self.first_name = at(Column.FIRST_NAME)
        self.last_name = at(Column.LAST_NAME)
        self.full_name = at(Column.FULL_NAME)
        self.timezone = at(Column.TIMEZONE)
        self.language = at(Column.LANGUAGE)
        self.tags = at(Column.TAGS)
        self.attributes = at(Column.ATTRIBUTES)
        self.consent_at = at(Column.CONSENT_AT)
        self.confirmed_at = at(Column.CONFIRMED_AT)
        self.consent_kind = at(Column.CONSENT_KIND)
        self.consent_source = at(Column.CONSENT_SOURCE)
        self.consent_expires = at(Column.CONSENT_EXPIRES)
        self.last_active_at = at(Column.LAST_ACTIVE_AT)
        self.unsubscribed_at = at(Column.UNSUBSCRIBED_AT)
        self.bounced_at = at(Column.BOUNCED_AT)
        self.complained_at = at(Column.COMPLAINED_AT)


class RowReader:
    """Turns the rows of one file into decisions.

    A row makes no object but its decision, and an empty cell costs no call: a million rows have
    two dozen cells each.
    """

    def __init__(
        self, columns: Columns, *, file: str, now: datetime, extra_tags: Sequence[str] = ()
    ) -> None:
        """``extra_tags`` are added to all rows; a consent later than ``now`` is ignored.

        Raises ValueError without an email column.
        """
        if columns.find(Column.EMAIL) is None:
            raise ValueError("the file has no email column")
        self._count = columns.count
        self._at = _CellPositions(columns)
        self._file_status = columns.file_status
        self._is_ours = columns.is_ours
        self._order = columns.date_order
        self._file = file
        self._latest_consent = now + _AHEAD_OF_UTC
        self._extra_tags = tuple(tag for text in extra_tags for tag in split_tags(text))
        #: The default source of consent; our own export has a column for it.
        self._source = f"{columns.tool} export" if columns.tool and not columns.is_ours else ""

    def decide(self, row: CsvRow) -> Decision:
        line, raw_cells, fault = row
        if fault:
            return self._reject(line, fault)
        cells = clean_all(raw_cells)
        if not _fit(cells, self._count):
            message = f"it has {len(raw_cells)} values under {self._count} headings"
            hint = "put quotes around a value that holds the separator"
            return self._reject(line, message, hint)
        email = written = cells[self._at.email]
        if not (self._is_ours or _is_bare(email)):
            email = _bare_address(email)
        try:
            key = normalise(email)
            status = self._status(cells)
            if status is ACTIVE:
                return self._subscribe(line, key, email, cells)
            return self._suppress(line, key, status, cells)
        except InvalidAddress as error:
            return self._reject(line, f"{_shorten(written)!r} is no email address: {error}")
        except ValueError as error:
            return self._reject(line, str(error))

    def _suppress(
        self, line: int, key: str, status: ImportStatus, cells: Sequence[str]
    ) -> Suppress | SkipRow | Reject:
        if status.reason:
            since = _datetime_or_none(cells[self._suppressed_at(status.reason)], self._order)
            return Suppress(key=key, reason=status.reason, since=since)
        if status is UNCONFIRMED:
            return SkipRow(line=line, key=key)
        is_unknown = status.refusal.startswith("the status ")
        return self._reject(line, status.refusal, _UNKNOWN_STATUS_HINT if is_unknown else None)

    def _status(self, cells: Sequence[str]) -> ImportStatus:
        """The worst status that the row or the file states."""
        worst = self._file_status or ACTIVE
        for position, read in self._at.says:
            status = read(cells[position])
            worst = worst if status is ACTIVE else worse(worst, status)
        if worst is ACTIVE and (dates := self._at.never_asked_without):
            return ACTIVE if any(cells[at] for at in dates) else NO_CONSENT
        return worst

    def _suppressed_at(self, reason: SuppressionReason) -> int:
        """The position of the date of a suppression."""
        if reason is SuppressionReason.HARD_BOUNCE:
            return self._at.bounced_at
        is_complaint = reason is SuppressionReason.COMPLAINT
        return self._at.complained_at if is_complaint else self._at.unsubscribed_at

    def _subscribe(self, line: int, key: str, email: str, cells: Sequence[str]) -> Subscribe:
        at = self._at
        warnings: list[_Warning] = []
        if meant := suggest_address(key):
            warnings.append((f"{key} may be a typo", f"did you mean {meant}?"))
        first_name, last_name = self._names(cells)
        zone, tags, seen_at = cells[at.timezone], cells[at.tags], cells[at.last_active_at]
        language = _read_language(cells[at.language], warnings) if cells[at.language] else ""
        values = (
            key,
            email,
            first_name,
            last_name,
            _read_zone(zone, warnings) if zone else "",
            self._tags(tags) if tags else self._extra_tags,
            self._fields(cells, warnings),
            self._consent(cells, warnings),
            _read_activity(seen_at, self._order, warnings) if seen_at else None,
            tuple(self._problem(line, *each, Severity.WARNING) for each in warnings)
            if warnings
            else (),
            language,
        )
        return _new_tuple(Subscribe, values)

    def _names(self, cells: Sequence[str]) -> tuple[str, str]:
        first, last = cells[self._at.first_name], cells[self._at.last_name]
        if not first and (full := cells[self._at.full_name]):
            first, _, rest = collapse_spaces(full).partition(" ")
            last = last or rest
        return collapse_spaces(first), collapse_spaces(last)

    def _tags(self, cell: str) -> tuple[str, ...]:
        tags = split_tags(cell)
        return tuple(dict.fromkeys(tags + self._extra_tags)) if self._extra_tags else tags

    def _fields(self, cells: Sequence[str], warnings: list[_Warning]) -> dict[str, str]:
        fields = {name: cells[at] for name, at in self._at.fields if cells[at]}
        attributes = cells[self._at.attributes]
        return _read_attributes(attributes, warnings) | fields if attributes else fields

    def _consent(self, cells: Sequence[str], warnings: list[_Warning]) -> Consent | None:
        at = self._at
        confirmed = cells[at.confirmed_at]
        consent = read_consent(
            cells[at.consent_at],
            confirmed if confirmed and is_filled(confirmed) else "",
            cells[at.consent_kind],
            cells[at.consent_source] or self._source,
            cells[at.consent_expires],
            order=self._order,
        )
        if consent is None:
            return None
        latest, confirmed_at = self._latest_consent, consent.confirmed_at
        if consent.given_at > latest or (confirmed_at is not None and confirmed_at > latest):
            message = f"the consent of {consent.given_at:%Y-%m-%d} is in the future"
            hint = "check the year, and that day and month are not swapped"
            warnings.append((f"{message} and is left out", hint))
            return None
        return consent

    def _reject(self, line: int, message: str, hint: str | None = None) -> Reject:
        return Reject(problem=self._problem(line, message, hint, Severity.ERROR))

    def _problem(self, line: int, message: str, hint: str | None, severity: Severity) -> Problem:
        place = Place(file=self._file, line=line)
        return Problem(
            code="import-row", message=message, place=place, hint=hint, severity=severity
        )


def _fit(cells: list[str], count: int) -> bool:
    """Resize to one cell per heading and an empty one; False for too many filled cells.

    Spreadsheets omit empty cells at the end of a row.
    """
    while len(cells) > count:
        if cells.pop():
            return False
    while len(cells) <= count:
        cells.append("")
    return True


def _is_bare(cell: str) -> bool:
    return cell.isascii() and cell[:1].isalnum() and cell[-1:].isalnum() and ":" not in cell


def _bare_address(cell: str) -> str:
    """The address without signs around it, as the same person's other rows have it."""
    first = plain_address(cell.partition(_NEXT_ADDRESS)[0])
    named = _NAME_AND_ADDRESS.fullmatch(first)
    return (named[1] if named else first).strip(_AROUND_ADDRESS).removeprefix("mailto:")


def _read_zone(cell: str, warnings: list[_Warning]) -> str:
    zone = find_zone(cell)
    if zone is None:
        message = f"the time zone {_shorten(cell)!r} is unknown and left out"
        warnings.append((message, "use a name like Europe/Paris"))
    return zone or ""


def _read_language(cell: str, warnings: list[_Warning]) -> str:
    language = find_language(cell)
    if language is None:
        message = f"the language {_shorten(cell)!r} is unknown and left out"
        warnings.append((message, "use a code like fr, or a name like French"))
    return language or ""


def _read_activity(cell: str, order: DateOrder | None, warnings: list[_Warning]) -> datetime | None:
    instant = _datetime_or_none(cell, order)
    if instant is None and is_filled(cell):
        warnings.append((f"last_active_at {_shorten(cell)!r} is no date and left out", None))
    return instant


def _read_attributes(cell: str, warnings: list[_Warning]) -> dict[str, str]:
    try:
        attributes = json.loads(cell)
    except (ValueError, RecursionError):
        attributes = None
    if not isinstance(attributes, dict):
        warnings.append(("the attributes are no JSON object and left out", None))
        return {}
    filled = {key: value for key, value in attributes.items() if value not in (None, "")}
    named = {field_name(key): _as_text(value) for key, value in filled.items()}
    return {name: text for name, text in named.items() if name}


def _datetime_or_none(cell: str, order: DateOrder | None) -> datetime | None:
    try:
        return parse_datetime(cell, order) if cell else None
    except ValueError:
        return None


def _as_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # JSON may hold what databases and mail reject: NUL and halves of surrogate pairs.
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
