"""Apply an import's verdicts: subscribers, memberships, consents and suppressions.

Set by set, in one transaction at the end: half an import can never be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.decisions import SkipRow, Subscribe, Suppress
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.subscribers.erasure import hash_address, read_hash_key
from lovecampaign.store.subscribers.imports.log import add_entry, save_counts, save_former_values
from lovecampaign.store.subscribers.imports.staging import StagingWriter
from lovecampaign.store.subscribers.imports.verdicts import (
    ImportVerdicts,
    give_verdicts,
    has_new_consent,
)
from lovecampaign.store.tables import (
    BigKey,
    Instant,
    consent,
    membership,
    subscriber,
    subscriber_tag,
    suppression,
)
from lovecampaign.store.tables.imports import (
    RowVerdict,
    import_row,
    import_tag,
    import_verdict,
    open_staging,
)

Columns: TypeAlias = Mapping[str, sa.ColumnElement[Any]]
#: One import at a time on PostgreSQL ("lovi" in ASCII); SQLite has one writer anyway.
_ADVISORY_LOCK = 0x6C6F7669
_is_new = import_verdict.c.verdict == RowVerdict.NEW.value
_is_updated = import_verdict.c.verdict == RowVerdict.UPDATED.value
_subscribes = import_verdict.c.verdict.in_([RowVerdict.NEW.value, RowVerdict.UPDATED.value])
_has_consent = import_row.c.consent_at.is_not(None)
_subscriber_id = import_verdict.c.subscriber_id
_judged_rows = import_verdict.join(import_row, import_row.c.id == import_verdict.c.row_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTarget:
    """The list, time, tags and source of an import."""

    list_name: str
    now: datetime
    #: Added to every subscriber of the import.
    tags: tuple[str, ...] = ()
    #: ``suppression.source``: ``import of people.csv``.
    source: str = ""
    #: Whether known subscribers keep their lists: our own export has subscribers of all lists,
    #: without their lists.
    keeps_lists: bool = False
    #: The name of the file, for the log of imports; '' for a subscriber added by hand.
    file: str = ""


def run_import(
    database: Database,
    decisions: Iterable[Subscribe | Suppress | SkipRow],
    target: ImportTarget,
    *,
    apply: bool,
    count: Callable[[ImportVerdicts], Mapping[str, int]] | None = None,
) -> ImportVerdicts:
    """Give verdicts on the decisions, and apply them if ``apply``.

    ``count`` gives the counts for the log of imports, once all decisions were taken.
    """
    with open_staging(database) as connection:
        with connection.begin():
            _stage(connection, decisions)
        if not apply:
            with connection.begin():
                return give_verdicts(connection, target.list_name, keeps_lists=target.keeps_lists)
        with database.write_on(connection):
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            verdicts = give_verdicts(connection, target.list_name, keeps_lists=target.keeps_lists)
            import_id = None
            if target.file:
                import_id = add_entry(connection, target.file, target.list_name, target.now)
                save_former_values(connection, import_id, target.list_name)
            _apply(connection, target, import_id)
            if import_id is not None and count is not None:
                save_counts(connection, import_id, count(verdicts))
        return replace(verdicts, import_id=import_id)


def add_subscriber(database: Database, person: Subscribe, target: ImportTarget) -> RowVerdict:
    """Add or complete one subscriber by hand, under the rules of an import."""
    verdicts = run_import(database, [person], target, apply=True)
    return next(iter(verdicts.counts))


def _stage(connection: Connection, decisions: Iterable[Subscribe | Suppress | SkipRow]) -> None:
    hash_key = read_hash_key(connection)
    stage = StagingWriter(connection, partial(hash_address, hash_key) if hash_key else None)
    for decision in decisions:
        stage.add(decision)
    stage.finish()


def _apply(connection: Connection, target: ImportTarget, import_id: int | None) -> None:
    now, list_name = sa.literal(target.now, Instant), sa.literal(target.list_name)
    mark: Columns = {"import_id": sa.literal(import_id, BigKey)}
    _insert_subscribers(connection, {"created_at": now, "updated_at": now, **mark})
    _update_subscribers(connection, target.now)
    tags = import_tag.c.tag_set == import_row.c.tag_set
    columns: Columns = {"subscriber_id": _subscriber_id, "tag": import_tag.c.tag, **mark}
    _insert(connection, subscriber_tag, columns, _subscribes & tags)
    # Confirmed at once: a member of a list elsewhere has agreed there.
    columns = {
        "list": list_name,
        "subscriber_id": _subscriber_id,
        "joined_at": now,
        "confirmed_at": now,
        "consent_expires_at": import_row.c.consent_expires_at,
        **mark,
    }
    _insert(connection, membership, columns, _subscribes)
    columns = {
        "subscriber_id": _subscriber_id,
        "list": list_name,
        "kind": import_row.c.consent_kind,
        "given_at": import_row.c.consent_at,
        "source": import_row.c.consent_source,
        "confirmed_at": import_row.c.consent_confirmed_at,
        "expires_at": import_row.c.consent_expires_at,
        "recorded_at": now,
        **mark,
    }
    is_new_consent = _is_updated & has_new_consent(target.list_name, _subscriber_id)
    _insert(connection, consent, columns, _has_consent & (_is_new | is_new_consent))
    _confirm_members(connection, target.list_name, target.now)
    columns = {
        "address_key": import_row.c.address_key,
        "reason": import_row.c.reason,
        "source": sa.literal(target.source),
        "at": sa.func.coalesce(import_row.c.since, now),
        "mailbox": import_row.c.mailbox,
    }
    suppresses = import_verdict.c.verdict == RowVerdict.SUPPRESSED.value
    _insert(connection, suppression, columns, suppresses)


def _insert(
    connection: Connection,
    table: sa.Table,
    columns: Columns,
    condition: sa.ColumnElement[bool],
) -> None:
    """In the order of the file: neighbouring index entries are written together."""
    rows = sa.select(*columns.values()).select_from(_judged_rows).where(condition)
    statement = insert_or_ignore(connection, table)
    connection.execute(statement.from_select(list(columns), rows.order_by(import_verdict.c.row_id)))


def _insert_subscribers(connection: Connection, made: Columns) -> None:
    """``made``: when and by which import."""
    names = ("address_key", "email", "first_name", "last_name", "timezone", "locale", "fields")
    columns: Columns = {name: import_row.c[name] for name in (*names, "last_active_at")}
    columns = {**columns, **made}
    if connection.dialect.name == "sqlite":
        _insert(connection, subscriber, {**columns, "id": _subscriber_id}, _is_new)
        return
    _insert(connection, subscriber, columns, _is_new)
    connection.execute(
        sa.update(import_verdict)
        .where(
            _is_new,
            import_row.c.id == import_verdict.c.row_id,
            subscriber.c.address_key == import_row.c.address_key,
        )
        .values(subscriber_id=subscriber.c.id)
    )


def _update_subscribers(connection: Connection, now: datetime) -> None:
    """An empty cell of the file keeps the known value."""
    seen, known = import_row.c.last_active_at, subscriber.c.last_active_at
    is_of_row = import_row.c.id == import_verdict.c.row_id
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == _subscriber_id, is_of_row, _is_updated)
        .values(
            first_name=_new_or_known("first_name"),
            last_name=_new_or_known("last_name"),
            timezone=_new_or_known("timezone"),
            locale=_new_or_known("locale"),
            fields=sa.func.coalesce(import_verdict.c.fields, subscriber.c.fields),
            last_active_at=sa.case((known.is_(None) | (seen > known), seen), else_=known),
            updated_at=now,
        )
    )


def _new_or_known(name: str) -> sa.ColumnElement[str]:
    new = import_row.c[name]
    return sa.case((new != "", new), else_=subscriber.c[name])


def _confirm_members(connection: Connection, list_name: str, now: datetime) -> None:
    """Confirm members with a consent; their newest consent says when it expires."""
    newest = (
        sa.select(consent.c.expires_at)
        .where(
            consent.c.subscriber_id == membership.c.subscriber_id,
            consent.c.list == membership.c.list,
        )
        .order_by(consent.c.given_at.desc(), consent.c.id.desc())
        .limit(1)
    )
    # On SQLite no new subscriber is a member already; on PostgreSQL a sign-up may run meanwhile.
    may_be_member = _is_updated if connection.dialect.name == "sqlite" else _subscribes
    proven = sa.select(_subscriber_id).select_from(_judged_rows).where(may_be_member, _has_consent)
    connection.execute(
        sa.update(membership)
        .where(membership.c.list == list_name, membership.c.subscriber_id.in_(proven))
        .values(
            confirmed_at=sa.func.coalesce(membership.c.confirmed_at, sa.literal(now, Instant)),
            consent_expires_at=newest.scalar_subquery(),
        )
    )
