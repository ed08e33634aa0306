"""Which decision does one row of a subscribers' file come to?

Pure: nothing is looked up. Whether the person is new, known, or has left us is the store's to say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from lovecampaign.audience.address import InvalidAddress, normalise, suggest_domain
from lovecampaign.audience.cells import clean, find_zone, one_line, read_moment, split_tags
from lovecampaign.audience.columns import Column, Columns, Tool, field_name
from lovecampaign.audience.consenting import read_consent
from lovecampaign.audience.csv_reading import CsvRow
from lovecampaign.audience.decisions import Decision, Reject, Subscribe, Suppress
from lovecampaign.audience.status import (
    ACTIVE,
    BOUNCED,
    COMPLAINED,
    Standing,
    standing_after_leaving,
    standing_of_word,
)
from lovecampaign.audience.subscriber import Consent, SuppressionReason
from lovecampaign.problems import Place, Problem, Severity

#: What tools write into a date column where there is no date.
_NO_DATE = frozenset({"", "-", "0", "null", "none", "n/a", "false", "no"})
#: A cell without an offset counts as UTC, and clocks go up to 14 hours ahead of it.
_AHEAD_OF_UTC = timedelta(hours=14)
_SINCE = {
    SuppressionReason.HARD_BOUNCE: Column.BOUNCED_AT,
    SuppressionReason.COMPLAINT: Column.COMPLAINED_AT,
}


class RowReader:
    """Turns the rows of one file into decisions."""

    def __init__(
        self, columns: Columns, *, file: str, now: datetime, extra_tags: Sequence[str] = ()
    ) -> None:
        """``extra_tags`` go to everybody; a consent later than ``now`` is no proof.

        Raises ValueError where no column holds addresses.
        """
        if columns.find(Column.EMAIL) is None:
            raise ValueError("the file has no email column")
        self._columns = columns
        self._file = file
        self._latest_consent = now + _AHEAD_OF_UTC
        self._extra_tags = tuple(tag for text in extra_tags for tag in split_tags(text))

    def decide(self, row: CsvRow) -> Decision:
        if row.fault:
            return self._reject(row.line, row.fault)
        cells = _fit(row.cells, self._columns.count)
        if cells is None:
            message = f"it has {len(row.cells)} values under {self._columns.count} headings"
            hint = "put quotes around a value that holds the separator"
            return self._reject(row.line, message, hint=hint)
        return _RowDecision(
            self._columns, cells, self._extra_tags, self._place(row.line), self._latest_consent
        ).make()

    def _reject(self, line: int, message: str, hint: str | None = None) -> Reject:
        return Reject(problem=_problem(self._place(line), message, hint))

    def _place(self, line: int) -> Place:
        return Place(file=self._file, line=line)


class _RowDecision:
    """The work on one row, whose cells are clean and as many as the headings."""

    __slots__ = ("_cells", "_columns", "_extra_tags", "_latest_consent", "_place", "_warnings")

    def __init__(
        self,
        columns: Columns,
        cells: Sequence[str],
        extra_tags: tuple[str, ...],
        place: Place,
        latest_consent: datetime,
    ) -> None:
        self._columns = columns
        self._cells = cells
        self._extra_tags = extra_tags
        self._place = place
        self._latest_consent = latest_consent
        self._warnings: list[Problem] = []

    def make(self) -> Decision:
        email = self._cell(Column.EMAIL)
        try:
            key = normalise(email)
            standing = self._standing()
            if standing.refusal:
                return self._reject(standing.refusal)
            if standing.reason:
                return self._suppress(key, standing.reason)
            return self._subscribe(key, email)
        except InvalidAddress as error:
            return self._reject(f"{_shorten(email)!r} is no email address: {error}")
        except ValueError as error:
            return self._reject(str(error))

    def _reject(self, message: str) -> Reject:
        return Reject(problem=_problem(self._place, message))

    def _standing(self) -> Standing:
        """Where columns disagree, the worst of them counts."""
        columns = self._columns
        found = [standing_of_word(self._cells[at]) for at in columns.status]
        if columns.standing:
            found.append(columns.standing)
        if self._is_dated(Column.UNSUBSCRIBED_AT):
            found.append(standing_after_leaving(self._cell(Column.UNSUBSCRIBE_REASON)))
        if self._is_dated(Column.BOUNCED_AT):
            found.append(BOUNCED)
        if self._is_dated(Column.COMPLAINED_AT):
            found.append(COMPLAINED)
        return max(found, key=lambda standing: standing.badness, default=ACTIVE)

    def _suppress(self, key: str, reason: SuppressionReason) -> Suppress:
        since = self._cell(_SINCE.get(reason, Column.UNSUBSCRIBED_AT))
        return Suppress(
            line=self._place.line or 0, key=key, reason=reason, since=_moment_or_none(since)
        )

    def _subscribe(self, key: str, email: str) -> Subscribe:
        if meant := suggest_domain(key):
            self._warn(f"{key} may be a slip", f"did you mean {meant}?")
        first_name, last_name = self._names()
        return Subscribe(
            line=self._place.line or 0,
            key=key,
            email=email,
            first_name=first_name,
            last_name=last_name,
            timezone=self._timezone(),
            tags=self._tags(),
            fields=self._fields(),
            consent=self._consent(),
            last_active_at=self._last_active_at(),
            warnings=tuple(self._warnings),
        )

    def _names(self) -> tuple[str, str]:
        first, last = self._cell(Column.FIRST_NAME), self._cell(Column.LAST_NAME)
        if not first and (full := self._cell(Column.FULL_NAME)):
            first, _, rest = one_line(full).partition(" ")
            last = last or rest
        return one_line(first), one_line(last)

    def _timezone(self) -> str:
        cell = self._cell(Column.TIMEZONE)
        zone = find_zone(cell) if cell else ""
        if zone is None:
            self._warn(
                f"the time zone {_shorten(cell)!r} is unknown and left out",
                "use a name like Europe/Paris",
            )
        return zone or ""

    def _tags(self) -> tuple[str, ...]:
        cell = self._cell(Column.TAGS)
        tags = split_tags(cell) if cell else ()
        return tuple(dict.fromkeys(tags + self._extra_tags)) if self._extra_tags else tags

    def _fields(self) -> dict[str, str]:
        cells = self._cells
        fields = {name: cells[at] for at, name in self._columns.fields.items() if cells[at]}
        return self._attributes() | fields

    def _attributes(self) -> dict[str, str]:
        cell = self._cell(Column.ATTRIBUTES)
        if not cell:
            return {}
        try:
            found = json.loads(cell)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self._warn("the attributes are no JSON object and left out", None)
            return {}
        filled = {key: value for key, value in found.items() if value not in (None, "")}
        named = {field_name(key): _as_text(value) for key, value in filled.items()}
        return {name: text for name, text in named.items() if name}

    def _consent(self) -> Consent | None:
        consent = read_consent(
            given_at=self._cell(Column.CONSENT_AT),
            confirmed_at=self._cell(Column.CONFIRMED_AT),
            kind=self._cell(Column.CONSENT_KIND),
            source=self._cell(Column.CONSENT_SOURCE) or self._tools_name(),
            expires=self._cell(Column.CONSENT_EXPIRES),
        )
        if consent and self._is_to_come(consent):
            self._warn(
                f"the consent of {consent.given_at:%Y-%m-%d} is not of the past and is left out",
                "check the year, and that day and month are not swapped",
            )
            return None
        return consent

    def _is_to_come(self, consent: Consent) -> bool:
        return max(consent.given_at, consent.confirmed_at or consent.given_at) > (
            self._latest_consent
        )

    def _tools_name(self) -> str:
        """Where consent comes from that another tool noted; our own export says it itself."""
        tool = self._columns.tool
        return f"{tool.value} export" if tool and tool is not Tool.OURS else ""

    def _last_active_at(self) -> datetime | None:
        cell = self._cell(Column.LAST_ACTIVE_AT)
        moment = _moment_or_none(cell)
        if moment is None and cell.casefold() not in _NO_DATE:
            self._warn(f"last_active_at {_shorten(cell)!r} is no date and left out", None)
        return moment

    def _cell(self, column: Column) -> str:
        at = self._columns.positions.get(column)
        return "" if at is None else self._cells[at]

    def _is_dated(self, column: Column) -> bool:
        return self._cell(column).casefold() not in _NO_DATE

    def _warn(self, message: str, hint: str | None) -> None:
        self._warnings.append(_problem(self._place, message, hint, Severity.WARNING))


def _fit(cells: Sequence[str], count: int) -> list[str] | None:
    """As many cleaned cells as headings; None where there are too many.

    Too few are fine: spreadsheets leave empty cells out at a row's end.
    """
    found = [clean(cell) for cell in cells]
    if len(found) > count and any(found[count:]):
        return None
    return found[:count] + [""] * (count - len(found))


def _moment_or_none(cell: str) -> datetime | None:
    try:
        return read_moment(cell) if cell else None
    except ValueError:
        return None


def _as_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # JSON can smuggle in what no database or mail takes: NUL and halves of surrogate pairs.
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _problem(
    place: Place, message: str, hint: str | None = None, severity: Severity = Severity.ERROR
) -> Problem:
    return Problem(code="import-row", message=message, place=place, hint=hint, severity=severity)


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
