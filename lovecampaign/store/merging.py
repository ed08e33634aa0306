"""What do we know of a person once a row of an import is added to what was known before?

An empty cell never erases: it takes what an earlier row of the file said, or what we knew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from lovecampaign.store.staging import CHUNK, Verdict, import_row, import_tag
from lovecampaign.store.tables import subscriber

_TEXTS = ("first_name", "last_name", "timezone")
_VALUES = (*_TEXTS, "fields", "last_active_at")
_CONSENT = (
    "consent_kind",
    "consent_at",
    "consent_source",
    "consent_confirmed_at",
    "consent_expires_at",
)

Values = dict[str, Any]


_last, _earlier = import_row.alias("last"), import_row.alias("earlier")
#: Each row that is overruled, beside the row that counts for its address.
_pairs = _earlier.join(
    _last, sa.and_(_last.c.id == _earlier.c.overruled_by, _last.c.reason.is_(None))
)
_is_overruled = _earlier.c.verdict == Verdict.UNCHANGED.value


def fill_in_from_earlier_rows(connection: Connection) -> None:
    """Complete the last row for an address from the rows that it overrules, newest first."""
    _hand_over_tags(connection)
    for page in _pages_of_pairs(connection):
        completed: dict[int, Values] = {}
        for row in page:
            newest = completed.get(row["row_id"]) or _part(row, "", (*_VALUES, *_CONSENT))
            completed[row["row_id"]] = _complete_row(newest, _part(row, "old_", newest))
        _store(connection, completed)


def merge_with_what_is_known(connection: Connection) -> None:
    """Complete rows about known people; rows that then say something new are updates."""
    for page in _pages_of_known(connection):
        changed: dict[int, Values] = {}
        for row in page:
            known = _part(row, "old_", _VALUES)
            merged = _complete(_part(row, "", _VALUES), known)
            if merged != known:
                changed[row["row_id"]] = merged | {"verdict": Verdict.UPDATED.value}
            elif row["verdict"] is not None:
                changed[row["row_id"]] = merged | {"verdict": row["verdict"]}
        _store(connection, changed)


def _complete(newer: Mapping[str, Any], older: Mapping[str, Any]) -> Values:
    moments = [at for at in (newer["last_active_at"], older["last_active_at"]) if at]
    return {
        **{name: newer[name] or older[name] for name in _TEXTS},
        "fields": {**older["fields"], **newer["fields"]},
        "last_active_at": max(moments, default=None),
    }


def _complete_row(newer: Mapping[str, Any], older: Mapping[str, Any]) -> Values:
    consent = newer if newer["consent_at"] else older
    return _complete(newer, older) | {name: consent[name] for name in _CONSENT}


def _part(row: RowMapping, prefix: str, names: Iterable[str]) -> Values:
    return {name: row[prefix + name] for name in names}


def _hand_over_tags(connection: Connection) -> None:
    tags = sa.select(_last.c.id, import_tag.c.tag).select_from(
        _pairs.join(import_tag, import_tag.c.row_id == _earlier.c.id)
    )
    tags = tags.where(_is_overruled)
    connection.execute(sa.insert(import_tag).from_select(["row_id", "tag"], tags))


def _pages_of_pairs(connection: Connection) -> Iterator[list[RowMapping]]:
    columns = (*_VALUES, *_CONSENT)
    query = (
        sa.select(
            _last.c.id.label("row_id"),
            _earlier.c.id.label("old_id"),
            *(_last.c[name] for name in columns),
            *(_earlier.c[name].label(f"old_{name}") for name in columns),
        )
        .select_from(_pairs)
        .where(_is_overruled)
        .order_by(_last.c.id.desc(), _earlier.c.id.desc())
        .limit(CHUNK)
    )
    page = list(connection.execute(query).mappings())
    while page:
        yield page
        reached = (page[-1]["row_id"], page[-1]["old_id"])
        beyond = sa.tuple_(_last.c.id, _earlier.c.id) < reached
        page = list(connection.execute(query.where(beyond)).mappings())


def _pages_of_known(connection: Connection) -> Iterator[list[RowMapping]]:
    query = (
        sa.select(
            import_row.c.id.label("row_id"),
            import_row.c.verdict,
            *(import_row.c[name] for name in _VALUES),
            *(subscriber.c[name].label(f"old_{name}") for name in _VALUES),
        )
        .join(subscriber, subscriber.c.id == import_row.c.subscriber_id)
        .where(
            sa.or_(import_row.c.verdict.is_(None), import_row.c.verdict == Verdict.UPDATED.value)
        )
        .order_by(import_row.c.id)
        .limit(CHUNK)
    )
    reached = 0
    while page := list(connection.execute(query.where(import_row.c.id > reached)).mappings()):
        yield page
        reached = page[-1]["row_id"]


def _store(connection: Connection, values: Mapping[int, Values]) -> None:
    if not values:
        return
    names = next(iter(values.values()))
    statement = (
        sa.update(import_row)
        .where(import_row.c.id == sa.bindparam("row_id"))
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
    parameters = [
        {"row_id": row_id} | {f"new_{name}": value for name, value in each.items()}
        for row_id, each in values.items()
    ]
    connection.execute(statement, parameters)
