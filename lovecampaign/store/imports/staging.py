"""How is what a file says written into the temporary tables of an import?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from json.encoder import encode_basestring_ascii as quote

from sqlalchemy.engine import Connection

from lovecampaign.audience.decisions import SkipRow, Subscribe, Suppress
from lovecampaign.audience.subscriber import ConsentKind
from lovecampaign.store.database.bulk_load import Row, load_rows
from lovecampaign.store.database.types import to_microseconds
from lovecampaign.store.tables.imports import (
    import_left_out,
    import_row,
    import_tag,
    prepare_for_lookups,
)

#: Rows per statement: memory stays flat, and larger chunks measured no faster.
CHUNK = 2_000
#: Combinations of tags that are remembered; most files have a handful.
TAG_SETS = 10_000
#: The columns of each kind of row. What is NULL for a whole kind is left out: sqlite3 takes
#: 0.3 µs to bind a None, as long as to bind three texts.
_GONE = ("id", "address_key", "reason", "since")
_PERSON = (
    *("id", "address_key", "email", "first_name", "last_name", "timezone", "fields", "tag_set"),
)
_AGREED = (*_PERSON, "consent_kind", "consent_at", "consent_source")
_WHOLE = (*_AGREED, "consent_confirmed_at", "consent_expires_at", "last_active_at")

#: The plain text of each kind: an enum is no str to sqlite3, and ``.value`` is slow.
_KINDS = {kind: kind.value for kind in ConsentKind}

Columns = tuple[str, ...]
HashAddress = Callable[[str], str]


class Stage:
    """Takes decisions one by one and writes them chunk by chunk."""

    def __init__(self, connection: Connection, hash_address: HashAddress | None = None) -> None:
        """``hash_address`` where somebody was forgotten: only then hashes are compared."""
        self._connection = connection
        self._hash_address = hash_address
        self._count = 0
        self._rows: defaultdict[Columns, list[Row]] = defaultdict(list)
        self._left_out: list[Row] = []
        self._tag_sets = _TagSets()

    def add(self, decision: Subscribe | Suppress | SkipRow) -> None:
        self._count += 1
        if isinstance(decision, SkipRow):
            self._left_out.append((decision.line, decision.key))
        else:
            self._add_row(decision)
        if not self._count % CHUNK:
            self._write()

    def finish(self) -> None:
        self._write()
        prepare_for_lookups(self._connection)

    def _write(self) -> None:
        for columns, rows in self._rows.items():
            load_rows(self._connection, import_row, columns, rows)
        if tags := self._tag_sets.take_new():
            load_rows(self._connection, import_tag, ("tag_set", "tag"), tags)
        if self._left_out:
            load_rows(self._connection, import_left_out, ("line", "address_key"), self._left_out)
        self._rows.clear()
        self._left_out.clear()

    def _add_row(self, decision: Subscribe | Suppress) -> None:
        if isinstance(decision, Subscribe):
            columns, row = self._row_of_person(decision)
        else:
            columns, row = self._row_of_gone(decision)
        if self._hash_address is not None:
            columns, row = (*columns, "address_hash"), (*row, self._hash_address(decision.key))
        self._rows[columns].append(row)

    def _row_of_gone(self, gone: Suppress) -> tuple[Columns, Row]:
        return _GONE, (self._count, gone.key, gone.reason.value, _stored(gone.since))

    def _row_of_person(self, person: Subscribe) -> tuple[Columns, Row]:
        """The values as the columns' types would store them."""
        key, email, first_name, last_name, zone, tags, fields, consent, seen_at, _ = person
        row = (
            self._count,
            key,
            email,
            first_name,
            last_name,
            zone,
            _as_json(fields) if fields else "{}",
            self._tag_sets.number_of(tags) if tags else 0,
        )
        if consent is None:
            return (_WHOLE, (*row, *(None,) * 5, _stored(seen_at))) if seen_at else (_PERSON, row)
        agreed = (_KINDS[consent.kind], to_microseconds(consent.given_at), consent.source)
        if not (consent.confirmed_at or consent.expires_at or seen_at):
            return _AGREED, row + agreed
        moments = (consent.confirmed_at, consent.expires_at, seen_at)
        return _WHOLE, (*row, *agreed, *map(_stored, moments))


class _TagSets:
    """Numbers for combinations of tags. One that was forgotten meanwhile gets another number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._last = 0
        self._new: list[Row] = []

    def number_of(self, tags: tuple[str, ...]) -> int:
        number = self._numbers.get(tags)
        if number is None:
            if len(self._numbers) >= TAG_SETS:
                self._numbers.clear()
            self._last = number = self._last + 1
            self._numbers[tags] = number
            self._new += [(number, tag) for tag in tags]
        return number

    def take_new(self) -> list[Row]:
        """What is to be written since the last time."""
        new, self._new = self._new, []
        return new


def _as_json(fields: Mapping[str, str]) -> str:
    """As ``json.dumps`` writes it, in a quarter of the time."""
    pairs = [f"{quote(name)}: {quote(text)}" for name, text in fields.items()]
    return f"{{{', '.join(pairs)}}}"


def _stored(instant: datetime | None) -> int | None:
    return None if instant is None else to_microseconds(instant)
