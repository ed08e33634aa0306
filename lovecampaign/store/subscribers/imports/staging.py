"""Write the decisions of an import into its temporary tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from json.encoder import encode_basestring_ascii as quote
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.decisions import SkipRow, Subscribe, Suppress
from lovecampaign.audience.subscriber import ConsentKind
from lovecampaign.core.control_characters import drop_control_characters
from lovecampaign.store.database.types import to_microseconds
from lovecampaign.store.subscribers.suppressions import mailbox_of
from lovecampaign.store.tables.imports import (
    import_left_out,
    import_row,
    import_tag,
    prepare_for_lookups,
)

#: Rows per statement: memory stays flat, and larger chunks measured no faster.
CHUNK = 2_000
#: Tag sets to remember; most files have a handful.
MAX_TAG_SETS = 10_000
#: The columns of each kind of row. Those that are NULL for a whole kind are left out: sqlite3 takes
#: 0.3 µs to bind a None, as long as to bind three texts.
_SUPPRESSED = ("id", "address_key", "reason", "since", "mailbox")
_BASIC = (
    *("id", "address_key", "email", "first_name", "last_name", "timezone", "fields", "tag_set"),
)
_CONSENTED = (*_BASIC, "consent_kind", "consent_at", "consent_source")
_WHOLE = (*_CONSENTED, "consent_confirmed_at", "consent_expires_at", "last_active_at")

#: The plain text of each kind: an enum is no str to sqlite3, and ``.value`` is slow.
_KINDS = {kind: kind.value for kind in ConsentKind}

Columns = tuple[str, ...]
Row = tuple[object, ...]
HashAddress = Callable[[str], str]


class StagingWriter:
    """Takes decisions one by one and writes them chunk by chunk."""

    def __init__(self, connection: Connection, hash_address: HashAddress | None = None) -> None:
        """``hash_address`` is None while no subscriber was forgotten: nothing is compared then."""
        self._connection = connection
        self._hash_address = hash_address
        self._count = 0
        self._rows: defaultdict[Columns, list[Row]] = defaultdict(list)
        self._left_out: list[Row] = []
        self._tag_sets = _TagSets()

    def add(self, decision: Subscribe | Suppress | SkipRow) -> None:
        self._count += 1
        if isinstance(decision, Subscribe):
            columns, row = self._subscribed_row(decision)
            if decision.language:
                columns, row = (*columns, "locale"), (*row, decision.language)
            self._add_row(decision.key, columns, row)
        elif isinstance(decision, Suppress):
            self._add_row(decision.key, *self._suppressed_row(decision))
        else:
            self._left_out.append((decision.line, decision.key))
        if not self._count % CHUNK:
            self._write()

    def finish(self) -> None:
        self._write()
        prepare_for_lookups(self._connection)

    def _write(self) -> None:
        for columns, rows in self._rows.items():
            _load_rows(self._connection, import_row, columns, rows)
        if tags := self._tag_sets.take_new():
            _load_rows(self._connection, import_tag, ("tag_set", "tag"), tags)
        if self._left_out:
            _load_rows(self._connection, import_left_out, ("line", "address_key"), self._left_out)
        self._rows.clear()
        self._left_out.clear()

    def _add_row(self, key: str, columns: Columns, row: Row) -> None:
        if self._hash_address is not None:
            columns, row = (*columns, "address_hash"), (*row, self._hash_address(key))
        self._rows[columns].append(row)

    def _suppressed_row(self, one: Suppress) -> tuple[Columns, Row]:
        mailbox = mailbox_of(one.key, one.reason)
        row = (self._count, one.key, one.reason.value, _stored(one.since), mailbox)
        return _SUPPRESSED, row

    def _subscribed_row(self, subscribe: Subscribe) -> tuple[Columns, Row]:
        """The values as the columns' types would store them."""
        key, email, first_name, last_name, zone, tags, fields, consent, seen_at, *_ = subscribe
        source = consent.source if consent else ""
        if not (first_name + last_name + source).isprintable():
            first_name, last_name = _on_one_line(first_name), _on_one_line(last_name)
            source = _on_one_line(source)
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
            return (_WHOLE, (*row, *(None,) * 5, _stored(seen_at))) if seen_at else (_BASIC, row)
        consented = (_KINDS[consent.kind], to_microseconds(consent.given_at), source)
        if not (consent.confirmed_at or consent.expires_at or seen_at):
            return _CONSENTED, row + consented
        moments = (consent.confirmed_at, consent.expires_at, seen_at)
        return _WHOLE, (*row, *consented, *map(_stored, moments))


class _TagSets:
    """Numbers for tag sets. One that was evicted gets a new number when it comes again."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._last = 0
        self._new: list[Row] = []

    def number_of(self, tags: tuple[str, ...]) -> int:
        number = self._numbers.get(tags)
        if number is None:
            if len(self._numbers) >= MAX_TAG_SETS:
                self._numbers.clear()
            self._last = number = self._last + 1
            self._numbers[tags] = number
            self._new += {(number, name): None for tag in tags if (name := _on_one_line(tag))}
        return number

    def take_new(self) -> list[Row]:
        """The rows to write since the last call."""
        new, self._new = self._new, []
        return new


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else " ".join(drop_control_characters(text).split())


def _as_json(fields: Mapping[str, str]) -> str:
    """As ``json.dumps`` writes it, in a quarter of the time; without control characters."""
    text = ", ".join([f"{quote(name)}: {quote(value)}" for name, value in fields.items()])
    # Quoted, a control character but DEL has a backslash: few texts do.
    is_plain = "\\" not in text and "\x7f" not in text
    if not (is_plain or "".join(fields.values()).isprintable()):
        clean = {name: drop_control_characters(value).strip() for name, value in fields.items()}
        text = ", ".join(
            [f"{quote(name)}: {quote(value)}" for name, value in clean.items() if value]
        )
    return f"{{{text}}}"


def _stored(instant: datetime | None) -> int | None:
    return None if instant is None else to_microseconds(instant)


def _load_rows(
    connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows by the driver: SQLAlchemy takes as long for a row as SQLite itself.

    PostgreSQL takes rows by COPY, at two to three times the pace of its INSERT.
    """
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", rows)
        return
    places = ", ".join("?" * len(columns))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES ({places})",  # noqa: S608 - our own names
        list(rows),
    )


def _copy(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    cursor = cast(Any, connection.connection.cursor())  # psycopg's, which the DBAPI does not know
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise sa.exc.DBAPIError(statement, None, error) from error
