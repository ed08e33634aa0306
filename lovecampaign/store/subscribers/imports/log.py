"""The log of imports: an entry each, the former values of changed subscribers, and the listing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import (
    IMPORT_COUNTS,
    DeliveryState,
    delivery,
    import_change,
    import_log,
    membership,
    subscriber,
)
from lovecampaign.store.tables.imports import RowVerdict, import_row, import_verdict

#: States of a delivery that the provider has, or may have.
_MAY_HAVE_LEFT = (DeliveryState.CLAIMED, DeliveryState.SENT, DeliveryState.IN_DOUBT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportEntry:
    """An import that was applied."""

    id: int
    at: datetime
    #: The file's name, without its folder.
    file: str
    list: str
    #: Keys: IMPORT_COUNTS.
    counts: Mapping[str, int]
    undone_at: datetime | None
    #: How many of the subscribers that it added or changed were mailed since.
    mailed: int = 0


def add_entry(connection: Connection, file: str, list_name: str, now: datetime) -> int:
    """Begin an entry; returns its id. :func:`save_counts` completes it."""
    statement = sa.insert(import_log).values(file=file, list=list_name, at=now)
    import_id: int = connection.execute(statement.returning(import_log.c.id)).scalar_one()
    return import_id


def save_counts(connection: Connection, import_id: int, counts: Mapping[str, int]) -> None:
    connection.execute(
        sa.update(import_log).where(import_log.c.id == import_id).values(dict(counts))
    )


def save_former_values(connection: Connection, import_id: int, list_name: str) -> None:
    """Keep what the staged rows are about to change, before they do."""
    member = sa.and_(membership.c.subscriber_id == subscriber.c.id, membership.c.list == list_name)
    source = (
        import_verdict.join(import_row, import_row.c.id == import_verdict.c.row_id)
        .join(subscriber, subscriber.c.id == import_verdict.c.subscriber_id)
        .outerjoin(membership, member)
    )
    seen, known = import_row.c.last_active_at, subscriber.c.last_active_at
    columns: dict[str, sa.ColumnElement[Any]] = {
        "import_id": sa.literal(import_id),
        "subscriber_id": subscriber.c.id,
        "old_fields": subscriber.c.fields,
        "new_fields": sa.func.coalesce(import_verdict.c.fields, subscriber.c.fields),
        "old_last_active_at": known,
        "new_last_active_at": sa.case((known.is_(None) | (seen > known), seen), else_=known),
        "old_confirmed_at": membership.c.confirmed_at,
        "old_consent_expires_at": membership.c.consent_expires_at,
    }
    for name in ("first_name", "last_name", "timezone", "locale"):
        new = import_row.c[name]
        columns[f"old_{name}"] = subscriber.c[name]
        columns[f"new_{name}"] = sa.case((new != "", new), else_=subscriber.c[name])
    rows = (
        sa.select(*columns.values())
        .select_from(source)
        .where(import_verdict.c.verdict == RowVerdict.UPDATED.value)
        .order_by(import_verdict.c.row_id)
    )
    connection.execute(sa.insert(import_change).from_select(list(columns), rows))


def list_imports(database: Database) -> Sequence[ImportEntry]:
    """All entries, newest first."""
    with database.read() as connection:
        mailed = _count_mailed(connection)
        rows = connection.execute(sa.select(import_log).order_by(import_log.c.id.desc()))
        return [read_entry(row, mailed.get(row.id, 0)) for row in rows]


def read_entry(row: sa.Row[Any], mailed: int = 0) -> ImportEntry:
    """A row of the table as an entry."""
    return ImportEntry(
        id=row.id,
        at=row.at,
        file=row.file,
        list=row.list,
        counts={name: getattr(row, name) for name in IMPORT_COUNTS},
        undone_at=row.undone_at,
        mailed=mailed,
    )


def was_mailed_since(moment: datetime | sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Condition for deliveries that may have left since a moment."""
    states = [state.value for state in _MAY_HAVE_LEFT]
    left_at = sa.func.coalesce(delivery.c.claimed_at, delivery.c.settled_at, delivery.c.due)
    return delivery.c.state.in_(states) & (left_at >= moment)


def _count_mailed(connection: Connection) -> Mapping[int, int]:
    """Mailed subscribers by import, in one pass over the deliveries."""
    added = sa.select(membership.c.import_id, membership.c.subscriber_id).where(
        membership.c.import_id.is_not(None)
    )
    changed = sa.select(import_change.c.import_id, import_change.c.subscriber_id)
    people = sa.union(added, changed).subquery("people")
    rows = connection.execute(
        sa.select(people.c.import_id, sa.func.count(sa.distinct(people.c.subscriber_id)))
        .select_from(
            people.join(import_log, import_log.c.id == people.c.import_id).join(
                delivery, delivery.c.subscriber_id == people.c.subscriber_id
            )
        )
        .where(import_log.c.undone_at.is_(None), was_mailed_since(import_log.c.at))
        .group_by(people.c.import_id)
    )
    return dict(rows.all())
