"""Undo an import: take out what it added, restore what it changed, in one transaction.

Only while none of its subscribers was mailed. What changed since stays as it is, and so do all
suppressions. Set by set: the time grows with the import, not with the square of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.errors import LovecampaignError, UsageError
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.imports.log import ImportEntry, read_entry, was_mailed_since
from lovecampaign.store.subscribers.imports.undo_values import (
    is_of,
    keep,
    restore_values,
    undo_gone,
    undo_person,
    undo_tables,
)
from lovecampaign.store.tables import (
    PLANNED,
    DeliveryState,
    consent,
    delivery,
    email,
    import_change,
    import_log,
    membership,
    metadata,
    subscriber,
    subscriber_tag,
)

_gone_ids = sa.select(undo_gone.c.subscriber_id)


class UndoRefused(LovecampaignError):
    """The import cannot be undone any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoReport:
    """How many subscribers of the import had each outcome."""

    id: int
    #: Subscribers that it had added, and that are deleted.
    removed: int
    #: Known subscribers with their former values, tags, lists and consents.
    restored: int
    #: Subscribers of whom something stays, since it changed after the import.
    kept: int


def undo_import(database: Database, import_id: int, now: datetime) -> UndoReport:
    """Undo an import; raises UsageError for an unknown id, and UndoRefused with the reason."""
    with _connection_without_row_checks(database) as connection, database.write_on(connection):
        undo_tables.create_all(connection, checkfirst=False)
        entry = _find(connection, import_id)
        # No process plans meanwhile: it holds the row of its email.
        connection.execute(sa.select(email.c.id).order_by(email.c.id).with_for_update())
        _list_people(connection, entry)
        _delete_planned(connection, entry)
        _require_unmailed(connection, entry)
        _take_out(connection, entry)
        _find_gone(connection, entry)
        restore_values(connection, entry, now)
        restored = _count_restored(connection, entry)
        removed = _delete_gone(connection, entry)
        people = _count(connection, sa.select(undo_person))
        _close(connection, entry, now)
    return UndoReport(
        id=import_id, removed=removed, restored=restored, kept=people - removed - restored
    )


@contextlib.contextmanager
def _connection_without_row_checks(database: Database) -> Iterator[Connection]:
    """On SQLite without foreign key checks, which scan all deliveries for each deleted row.

    :func:`_find_gone` has looked for references before, table by table.
    """
    with database.connection() as connection:
        try:
            if connection.dialect.name == "sqlite":
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            yield connection
        finally:
            connection.invalidate()  # with it go the temporary tables and the setting


def _find(connection: Connection, import_id: int) -> ImportEntry:
    row = connection.execute(
        sa.select(import_log).where(import_log.c.id == import_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise UsageError(
            f"there is no import {import_id}",
            hint="to see their numbers, type: lovecampaign imports",
        )
    if row.undone_at is not None:
        raise UndoRefused(
            f"import {import_id} was undone already, on {row.undone_at:%Y-%m-%d %H:%M} UTC",
            hint="to see all of them, type: lovecampaign imports",
        )
    return read_entry(row)


def _list_people(connection: Connection, entry: ImportEntry) -> None:
    people = sa.union(
        sa.select(subscriber.c.id).where(is_of(subscriber, entry)),
        sa.select(membership.c.subscriber_id).where(is_of(membership, entry)),
        sa.select(import_change.c.subscriber_id).where(is_of(import_change, entry)),
    ).subquery()
    known = sa.select(subscriber.c.id).where(
        subscriber.c.id.in_(sa.select(people.c.id)), subscriber.c.forgotten_at.is_(None)
    )
    connection.execute(sa.insert(undo_person).from_select(["subscriber_id"], known))


def _delete_planned(connection: Connection, entry: ImportEntry) -> None:
    """Emails that wait for those who leave the list; for other lists they are planned anew."""
    members = sa.select(membership.c.subscriber_id).where(is_of(membership, entry))
    connection.execute(
        sa.delete(delivery).where(
            delivery.c.state == PLANNED,
            delivery.c.first_claimed_at.is_(None),
            delivery.c.subscriber_id.in_(members),
        )
    )


def _require_unmailed(connection: Connection, entry: ImportEntry) -> None:
    mailed = connection.scalar(
        sa.select(sa.func.count(sa.distinct(delivery.c.subscriber_id))).where(
            was_mailed_since(entry.at),
            delivery.c.subscriber_id.in_(sa.select(undo_person.c.subscriber_id)),
        )
    )
    if mailed:
        people = "1 person of it was" if mailed == 1 else f"{mailed:,} people of it were"
        raise UndoRefused(
            f"import {entry.id} cannot be undone: {people} mailed since",
            hint="to take people off, type: lovecampaign subscribers unsubscribe EMAIL",
        )


def _take_out(connection: Connection, entry: ImportEntry) -> None:
    """Consents, tags and memberships; a membership that was agreed to again since stays."""
    for table in (consent, subscriber_tag):
        connection.execute(sa.delete(table).where(is_of(table, entry)))
    by_hand_since = consent.c.import_id.is_(None) & (consent.c.recorded_at >= entry.at)
    agreed_since = sa.select(consent.c.subscriber_id).where(
        consent.c.list == entry.list, by_hand_since | (consent.c.import_id > entry.id)
    )
    is_unchanged = membership.c.confirmed_at.is_not_distinct_from(entry.at)
    connection.execute(
        sa.delete(membership).where(
            is_of(membership, entry),
            is_unchanged,
            membership.c.subscriber_id.not_in(agreed_since),
        )
    )
    staying = sa.select(membership.c.subscriber_id).where(is_of(membership, entry))
    keep(connection, staying)
    connection.execute(sa.update(membership).where(is_of(membership, entry)).values(import_id=None))
    _restore_confirmations(connection, entry, agreed_since)


def _restore_confirmations(
    connection: Connection, entry: ImportEntry, agreed_since: sa.Select[tuple[int]]
) -> None:
    """Members before the import are as confirmed as they were."""
    was_confirmed_by_it = import_change.c.old_confirmed_at.is_(None) & (
        membership.c.confirmed_at == entry.at
    )
    connection.execute(
        sa.update(membership)
        .where(
            membership.c.list == entry.list,
            membership.c.subscriber_id == import_change.c.subscriber_id,
            is_of(import_change, entry),
            membership.c.subscriber_id.not_in(agreed_since),
        )
        .values(
            confirmed_at=sa.case((was_confirmed_by_it, None), else_=membership.c.confirmed_at),
            consent_expires_at=import_change.c.old_consent_expires_at,
        )
    )


def _find_gone(connection: Connection, entry: ImportEntry) -> None:
    """Subscribers that it added, or an import that was undone before, and nothing has touched."""
    undone = sa.select(import_log.c.id).where(import_log.c.undone_at.is_not(None))
    added = sa.select(subscriber.c.id).where(
        subscriber.c.id.in_(sa.select(undo_person.c.subscriber_id)),
        is_of(subscriber, entry) | subscriber.c.import_id.in_(undone),
        subscriber.c.updated_at == entry.at,
    )
    connection.execute(sa.insert(undo_gone).from_select(["subscriber_id"], added))
    for column in _references():
        referring = sa.select(column).where(column.is_not(None))
        if column.table is delivery:  # one that was never tried goes along
            referring = referring.where(~_is_untried)
        if column.table is import_change:
            referring = referring.where(import_change.c.import_id != entry.id)
        connection.execute(sa.delete(undo_gone).where(undo_gone.c.subscriber_id.in_(referring)))


_is_untried = sa.and_(
    delivery.c.state.in_([DeliveryState.SKIPPED.value, DeliveryState.CANCELLED.value]),
    delivery.c.first_claimed_at.is_(None),
)


def _references() -> Iterator[sa.Column[int]]:
    for table in metadata.sorted_tables:
        for column in table.c:
            if any(key.column is subscriber.c.id for key in column.foreign_keys):
                yield column


def _count_restored(connection: Connection, entry: ImportEntry) -> int:
    changed = sa.select(import_change.c.subscriber_id).where(is_of(import_change, entry))
    return _count(
        connection,
        sa.select(undo_person).where(
            ~undo_person.c.is_kept,
            undo_person.c.subscriber_id.in_(changed),
            undo_person.c.subscriber_id.not_in(_gone_ids),
        ),
    )


def _delete_gone(connection: Connection, entry: ImportEntry) -> int:
    connection.execute(sa.delete(import_change).where(is_of(import_change, entry)))
    connection.execute(
        sa.delete(delivery).where(_is_untried, delivery.c.subscriber_id.in_(_gone_ids))
    )
    return connection.execute(sa.delete(subscriber).where(subscriber.c.id.in_(_gone_ids))).rowcount


def _close(connection: Connection, entry: ImportEntry, now: datetime) -> None:
    connection.execute(
        sa.update(import_log).where(import_log.c.id == entry.id).values(undone_at=now)
    )
    undo_tables.drop_all(connection, checkfirst=False)


def _count(connection: Connection, query: sa.Select[tuple[object, ...]]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
