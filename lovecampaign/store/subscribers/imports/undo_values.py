"""The former values of an import's subscribers, restored where its own are still there."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.subscribers.imports.log import ImportEntry
from lovecampaign.store.tables import BigKey, import_change, subscriber

#: Subscribers per statement where the fields differ from both values.
_CHUNK = 2_000
_TEXTS = ("first_name", "last_name", "timezone", "locale")
_VALUES = (*_TEXTS, "last_active_at")

undo_tables = sa.MetaData()
#: The subscribers of the import.
undo_person = sa.Table(
    "undo_person",
    undo_tables,
    sa.Column("subscriber_id", BigKey, primary_key=True, autoincrement=False),
    #: Something of them changed since, and stays.
    sa.Column("is_kept", sa.Boolean, nullable=False, server_default=sa.false()),
    prefixes=["TEMPORARY"],
)
#: Those that it added and that nothing else refers to.
undo_gone = sa.Table(
    "undo_gone",
    undo_tables,
    sa.Column("subscriber_id", BigKey, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)


def keep(connection: Connection, ids: sa.Select[tuple[int]]) -> None:
    """Note that something of these subscribers stays."""
    statement = sa.update(undo_person).where(undo_person.c.subscriber_id.in_(ids))
    connection.execute(statement.values(is_kept=True))


def is_of(table: sa.Table, entry: ImportEntry) -> sa.ColumnElement[bool]:
    """Condition for the rows that an import added or changed."""
    return table.c.import_id == entry.id


def restore_values(connection: Connection, entry: ImportEntry, now: datetime) -> None:
    """Former values, where the import's own is still there."""
    is_theirs = sa.and_(
        import_change.c.subscriber_id == subscriber.c.id, is_of(import_change, entry)
    )
    _keep_changed_since(connection, entry)
    _restore_merged_fields(connection, entry, now)
    values: dict[str, object] = {
        name: sa.case(
            (
                subscriber.c[name].is_not_distinct_from(import_change.c[f"new_{name}"]),
                import_change.c[f"old_{name}"],
            ),
            else_=subscriber.c[name],
        )
        for name in _VALUES
    }
    values["fields"] = sa.case(
        (
            _text(subscriber.c.fields) == _text(import_change.c.new_fields),
            import_change.c.old_fields,
        ),
        else_=subscriber.c.fields,
    )
    connection.execute(sa.update(subscriber).where(is_theirs).values(**values, updated_at=now))


def _keep_changed_since(connection: Connection, entry: ImportEntry) -> None:
    differing = [
        import_change.c[f"old_{name}"].is_distinct_from(import_change.c[f"new_{name}"])
        & subscriber.c[name].is_distinct_from(import_change.c[f"new_{name}"])
        for name in _TEXTS
    ]
    changed = (
        sa.select(import_change.c.subscriber_id)
        .join(subscriber, subscriber.c.id == import_change.c.subscriber_id)
        .where(is_of(import_change, entry), sa.or_(*differing))
    )
    keep(connection, changed)


def _restore_merged_fields(connection: Connection, entry: ImportEntry, now: datetime) -> None:
    """Field by field, for subscribers whose fields changed since. Databases disagree about JSON."""
    new, current = _text(import_change.c.new_fields), _text(subscriber.c.fields)
    query = (
        sa.select(
            subscriber.c.id,
            import_change.c.old_fields,
            import_change.c.new_fields,
            subscriber.c.fields,
        )
        .join(subscriber, subscriber.c.id == import_change.c.subscriber_id)
        .where(
            is_of(import_change, entry),
            _text(import_change.c.old_fields) != new,
            current != new,
            subscriber.c.forgotten_at.is_(None),
        )
        .order_by(subscriber.c.id)
        .limit(_CHUNK)
    )
    statement = (
        sa.update(subscriber)
        .where(subscriber.c.id == sa.bindparam("my_id"))
        .values(fields=sa.bindparam("my_fields", type_=sa.JSON), updated_at=now)
    )
    reached = 0
    while page := connection.execute(query.where(subscriber.c.id > reached)).all():
        reached = page[-1].id
        merged = [
            (row.id, *_merge_back(row.old_fields, row.new_fields, row.fields)) for row in page
        ]
        connection.execute(
            statement, [{"my_id": number, "my_fields": fields} for number, fields, _ in merged]
        )
        kept = [number for number, _, is_kept in merged if is_kept]
        if kept:
            connection.execute(
                sa.update(undo_person)
                .where(undo_person.c.subscriber_id.in_(kept))
                .values(is_kept=True)
            )


def _merge_back(
    old: dict[str, str], new: dict[str, str], current: dict[str, str]
) -> tuple[dict[str, str], bool]:
    """The fields without what the import changed; and whether a field of it changed since."""
    merged, is_kept = dict(current), False
    for name, value in new.items():
        if old.get(name) == value:
            continue
        if current.get(name) != value:
            is_kept = True
        elif name in old:
            merged[name] = old[name]
        else:
            del merged[name]
    return merged, is_kept


def _text(column: sa.ColumnElement[object]) -> sa.ColumnElement[str]:
    return sa.cast(column, sa.Text)
