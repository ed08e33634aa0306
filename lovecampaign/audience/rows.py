"""Which decision does one row of a subscribers' file come to?

Pure: nothing is looked up. Whether the person is new, known, or has left us is the store's to say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from lovecampaign.audience.address import InvalidAddress, normalise, suggest_domain
from lovecampaign.audience.cells import clean_all, find_zone, one_line, read_moment, split_tags
from lovecampaign.audience.columns import Column, Columns, Tool, field_name
from lovecampaign.audience.consenting import read_consent
from lovecampaign.audience.csv_reading import CsvRow
from lovecampaign.audience.decisions import Decision, Reject, Subscribe, Suppress
from lovecampaign.audience.places import Places
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
        self._places = Places(columns)
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
            self._places, cells, self._extra_tags, self._place(row.line), self._latest_consent
        ).make()

    def _reject(self, line: int, message: str, hint: str | None = None) -> Reject:
        return Reject(problem=_problem(self._place(line), message, hint))

    def _place(self, line: int) -> Place:
        return Place(file=self._file, line=line)


class _RowDecision:
    """The work on one row, whose cells are clean: as many as the headings, and an empty one."""

    __slots__ = ("_at", "_cells", "_extra_tags", "_latest_consent", "_place", "_warnings")

    def __init__(
        self,
        at: Places,
        cells: Sequence[str],
        extra_tags: tuple[str, ...],
        place: Place,
        latest_consent: datetime,
    ) -> None:
        self._at = at
        self._cells = cells
        self._extra_tags = extra_tags
        self._place = place
        self._latest_consent = latest_consent
        self._warnings: list[Problem] = []

    def make(self) -> Decision:
        email = self._cells[self._at.email]
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
        at = self._at
        found = [standing_of_word(self._cells[place]) for place in at.status]
        if at.columns.standing:
            found.append(at.columns.standing)
        if self._is_dated(at.unsubscribed_at):
            found.append(standing_after_leaving(self._cells[at.unsubscribe_reason]))
        if self._is_dated(at.bounced_at):
            found.append(BOUNCED)
        if self._is_dated(at.complained_at):
            found.append(COMPLAINED)
        if all(standing is ACTIVE for standing in found):
            return ACTIVE
        return max(found, key=lambda standing: standing.badness)

    def _suppress(self, key: str, reason: SuppressionReason) -> Suppress:
        since = self._cells[self._at.since(reason)]
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
        first, last = self._cells[self._at.first_name], self._cells[self._at.last_name]
        if not first and (full := self._cells[self._at.full_name]):
            first, _, rest = one_line(full).partition(" ")
            last = last or rest
        return one_line(first), one_line(last)

    def _timezone(self) -> str:
        cell = self._cells[self._at.timezone]
        zone = find_zone(cell) if cell else ""
        if zone is None:
            self._warn(
                f"the time zone {_shorten(cell)!r} is unknown and left out",
                "use a name like Europe/Paris",
            )
        return zone or ""

    def _tags(self) -> tuple[str, ...]:
        cell = self._cells[self._at.tags]
        tags = split_tags(cell) if cell else ()
        return tuple(dict.fromkeys(tags + self._extra_tags)) if self._extra_tags else tags

    def _fields(self) -> dict[str, str]:
        cells = self._cells
        fields = {name: cells[at] for name, at in self._at.fields if cells[at]}
        return self._attributes() | fields if cells[self._at.attributes] else fields

    def _attributes(self) -> dict[str, str]:
        try:
            found = json.loads(self._cells[self._at.attributes])
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
            given_at=self._cells[self._at.consent_at],
            confirmed_at=self._cells[self._at.confirmed_at],
            kind=self._cells[self._at.consent_kind],
            source=self._cells[self._at.consent_source] or self._tools_name(),
            expires=self._cells[self._at.consent_expires],
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
        tool = self._at.columns.tool
        return f"{tool.value} export" if tool and tool is not Tool.OURS else ""

    def _last_active_at(self) -> datetime | None:
        cell = self._cells[self._at.last_active_at]
        moment = _moment_or_none(cell)
        if cell and moment is None and cell.casefold() not in _NO_DATE:
            self._warn(f"last_active_at {_shorten(cell)!r} is no date and left out", None)
        return moment

    def _is_dated(self, place: int) -> bool:
        cell = self._cells[place]
        return bool(cell) and cell.casefold() not in _NO_DATE

    def _warn(self, message: str, hint: str | None) -> None:
        self._warnings.append(_problem(self._place, message, hint, Severity.WARNING))


def _fit(cells: Sequence[str], count: int) -> list[str] | None:
    """As many cleaned cells as headings, and an empty one; None where there are too many.

    Too few are fine: spreadsheets leave empty cells out at a row's end.
    """
    found = clean_all(cells)
    if len(found) > count and any(found[count:]):
        return None
    return [*found[:count], *("" for _ in range(len(found), count)), ""]


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
