"""Which decision does one row of a subscribers' file come to?

Pure: nothing is looked up. Whether the person is new, known, or has left us is the store's to say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from lovecampaign.audience.address import InvalidAddress, normalise, suggest_address
from lovecampaign.audience.cells import (
    clean_all,
    collapse_spaces,
    find_zone,
    parse_datetime,
    split_tags,
)
from lovecampaign.audience.columns import Column, Columns, ExportTool, field_name
from lovecampaign.audience.consent import read_consent
from lovecampaign.audience.decisions import Decision, Reject, SkipRow, Subscribe, Suppress
from lovecampaign.audience.positions import Positions
from lovecampaign.audience.standing_of_row import standing_of_row, tells_date
from lovecampaign.audience.status import ACTIVE, UNCONFIRMED, ImportStatus
from lovecampaign.audience.subscriber import Consent
from lovecampaign.core.csv_reader import CsvRow
from lovecampaign.core.problems import Place, Problem, Severity

#: A cell without an offset counts as UTC, and clocks go up to 14 hours ahead of it.
_AHEAD_OF_UTC = timedelta(hours=14)
#: What is left out of a row that is taken, and what to do about it.
_Remark = tuple[str, str | None]


class RowReader:
    """Turns the rows of one file into decisions.

    No object is made for a row but its decision, and a cell that is empty costs no call: a
    million rows take two dozen cells each.
    """

    def __init__(
        self, columns: Columns, *, file: str, now: datetime, extra_tags: Sequence[str] = ()
    ) -> None:
        """``extra_tags`` go to everybody; a consent later than ``now`` is no proof.

        Raises ValueError where no column holds addresses.
        """
        if columns.find(Column.EMAIL) is None:
            raise ValueError("the file has no email column")
        self._count = columns.count
        self._at = Positions(columns)
        self._file = file
        self._latest_consent = now + _AHEAD_OF_UTC
        self._extra_tags = tuple(tag for text in extra_tags for tag in split_tags(text))
        tool = columns.tool
        #: Where consent comes from that another tool noted; our own export says it itself.
        self._source = f"{tool.value} export" if tool and tool is not ExportTool.OURS else ""

    def decide(self, row: CsvRow) -> Decision:
        line, found, fault = row
        if fault:
            return self._reject(line, fault)
        cells = clean_all(found)
        if not _fit(cells, self._count):
            message = f"it has {len(found)} values under {self._count} headings"
            hint = "put quotes around a value that holds the separator"
            return self._reject(line, message, hint)
        email = cells[self._at.email]
        try:
            key = normalise(email)
            standing = standing_of_row(self._at, cells)
            if standing is ACTIVE:
                return self._subscribe(line, key, cells)
            return self._leave_out(line, key, standing, cells)
        except InvalidAddress as error:
            return self._reject(line, f"{_shorten(email)!r} is no email address: {error}")
        except ValueError as error:
            return self._reject(line, str(error))

    def _leave_out(
        self, line: int, key: str, standing: ImportStatus, cells: Sequence[str]
    ) -> Suppress | SkipRow | Reject:
        if standing.reason:
            since = cells[self._at.since(standing.reason)]
            return Suppress(key=key, reason=standing.reason, since=_moment_or_none(since))
        if standing is UNCONFIRMED:
            return SkipRow(line=line, key=key)
        return self._reject(line, standing.refusal)

    def _subscribe(self, line: int, key: str, cells: Sequence[str]) -> Subscribe:
        at = self._at
        remarks: list[_Remark] = []
        if meant := suggest_address(key):
            remarks.append((f"{key} may be a slip", f"did you mean {meant}?"))
        first_name, last_name = self._names(cells)
        zone, tags, seen_at = cells[at.timezone], cells[at.tags], cells[at.last_active_at]
        return Subscribe(
            key,
            cells[at.email],
            first_name,
            last_name,
            _read_zone(zone, remarks) if zone else "",
            self._tags(tags) if tags else self._extra_tags,
            self._fields(cells, remarks),
            self._consent(cells, remarks),
            _read_activity(seen_at, remarks) if seen_at else None,
            tuple(self._problem(line, *each, Severity.WARNING) for each in remarks)
            if remarks
            else (),
        )

    def _names(self, cells: Sequence[str]) -> tuple[str, str]:
        first, last = cells[self._at.first_name], cells[self._at.last_name]
        if not first and (full := cells[self._at.full_name]):
            first, _, rest = collapse_spaces(full).partition(" ")
            last = last or rest
        return collapse_spaces(first), collapse_spaces(last)

    def _tags(self, cell: str) -> tuple[str, ...]:
        tags = split_tags(cell)
        return tuple(dict.fromkeys(tags + self._extra_tags)) if self._extra_tags else tags

    def _fields(self, cells: Sequence[str], remarks: list[_Remark]) -> dict[str, str]:
        fields = {name: cells[at] for name, at in self._at.fields if cells[at]}
        attributes = cells[self._at.attributes]
        return _read_attributes(attributes, remarks) | fields if attributes else fields

    def _consent(self, cells: Sequence[str], remarks: list[_Remark]) -> Consent | None:
        at = self._at
        consent = read_consent(
            cells[at.consent_at],
            cells[at.confirmed_at],
            cells[at.consent_kind],
            cells[at.consent_source] or self._source,
            cells[at.consent_expires],
        )
        if consent is None:
            return None
        latest, confirmed_at = self._latest_consent, consent.confirmed_at
        if consent.given_at > latest or (confirmed_at is not None and confirmed_at > latest):
            message = f"the consent of {consent.given_at:%Y-%m-%d} is not of the past"
            hint = "check the year, and that day and month are not swapped"
            remarks.append((f"{message} and is left out", hint))
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
    """Make them as many cells as headings, and an empty one; False where there are too many.

    Too few are fine: spreadsheets leave empty cells out at a row's end.
    """
    while len(cells) > count:
        if cells.pop():
            return False
    while len(cells) <= count:
        cells.append("")
    return True


def _read_zone(cell: str, remarks: list[_Remark]) -> str:
    zone = find_zone(cell)
    if zone is None:
        message = f"the time zone {_shorten(cell)!r} is unknown and left out"
        remarks.append((message, "use a name like Europe/Paris"))
    return zone or ""


def _read_activity(cell: str, remarks: list[_Remark]) -> datetime | None:
    moment = _moment_or_none(cell)
    if moment is None and tells_date(cell):
        remarks.append((f"last_active_at {_shorten(cell)!r} is no date and left out", None))
    return moment


def _read_attributes(cell: str, remarks: list[_Remark]) -> dict[str, str]:
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        remarks.append(("the attributes are no JSON object and left out", None))
        return {}
    filled = {key: value for key, value in found.items() if value not in (None, "")}
    named = {field_name(key): _as_text(value) for key, value in filled.items()}
    return {name: text for name, text in named.items() if name}


def _moment_or_none(cell: str) -> datetime | None:
    try:
        return parse_datetime(cell) if cell else None
    except ValueError:
        return None


def _as_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # JSON can smuggle in what no database or mail takes: NUL and halves of surrogate pairs.
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
