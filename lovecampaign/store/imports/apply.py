"""How do people become subscribers, members, consents and suppressions?

Set by set, in one transaction at the end: half an import can never be seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.decisions import SkipRow, Subscribe, Suppress
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.imports.staging import Stage
from lovecampaign.store.imports.verdicts import Judgement, has_new_consent, judge
from lovecampaign.store.subscribers.erasure import hash_address, read_key
from lovecampaign.store.tables import (
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

#: One import at a time on PostgreSQL ("lovi" in ASCII); SQLite has one writer anyway.
_ADVISORY_LOCK = 0x6C6F7669
_is_new = import_verdict.c.verdict == RowVerdict.NEW.value
_is_updated = import_verdict.c.verdict == RowVerdict.UPDATED.value
_enrols = import_verdict.c.verdict.in_([RowVerdict.NEW.value, RowVerdict.UPDATED.value])
_proves = import_row.c.consent_at.is_not(None)
_number = import_verdict.c.subscriber_id
#: Inserted in the order of the file: what stands in one place of a table is written once.
_judged_rows = import_verdict.join(import_row, import_row.c.id == import_verdict.c.row_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Where people go, when, and on whose word."""

    list_name: str
    now: datetime
    #: For everybody, beside the tags of their own.
    tags: tuple[str, ...] = ()
    #: Noted beside suppressions: ``import of people.csv``.
    source: str = ""
    #: Whether who is known here and not on the list stays off it: our own export holds people of
    #: all lists, and does not say of which.
    keeps_lists: bool = False


def run_enrolment(
    database: Database,
    decisions: Iterable[Subscribe | Suppress | SkipRow],
    enrolment: Enrolment,
    *,
    apply: bool,
) -> Judgement:
    """Judge the decisions, and do what the verdicts say if ``apply``."""
    with open_staging(database) as connection:
        with connection.begin():
            _stage(connection, decisions)
        if not apply:
            with connection.begin():
                return judge(connection, enrolment.list_name, keeps_lists=enrolment.keeps_lists)
        with database.write_on(connection):
            _take_turn(connection)
            judgement = judge(connection, enrolment.list_name, keeps_lists=enrolment.keeps_lists)
            _enrol(connection, enrolment)
        return judgement


def add_subscriber(database: Database, person: Subscribe, enrolment: Enrolment) -> RowVerdict:
    """Add or complete one person by hand, under the rules of an import."""
    judgement = run_enrolment(database, [person], enrolment, apply=True)
    return next(iter(judgement.counts))


def _stage(connection: Connection, decisions: Iterable[Subscribe | Suppress | SkipRow]) -> None:
    hash_key = read_key(connection)
    stage = Stage(connection, partial(hash_address, hash_key) if hash_key else None)
    for decision in decisions:
        stage.add(decision)
    stage.finish()


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))


def _enrol(connection: Connection, enrolment: Enrolment) -> None:
    now, list_name = enrolment.now, enrolment.list_name
    _insert_subscribers(connection, now)
    _update_subscribers(connection, now)
    _add_tags(connection)
    _add_members(connection, list_name, now)
    _log_consents(connection, list_name, now)
    _let_consents_count(connection, list_name, now)
    _note_suppressions(connection, now, enrolment.source)


def _insert_subscribers(connection: Connection, now: datetime) -> None:
    at = sa.literal(now, Instant)
    told = ("address_key", "email", "first_name", "last_name", "timezone", "fields")
    values = {
        **{name: import_row.c[name] for name in (*told, "last_active_at")},
        "created_at": at,
        "updated_at": at,
    }
    are_numbered = connection.dialect.name == "sqlite"
    if are_numbered:
        values["id"] = _number
    rows = sa.select(*values.values()).select_from(_judged_rows).where(_is_new)
    connection.execute(
        insert_or_ignore(connection, subscriber).from_select(
            list(values), rows.order_by(import_verdict.c.row_id)
        )
    )
    if not are_numbered:
        _look_up_numbers(connection)


def _look_up_numbers(connection: Connection) -> None:
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
    """What is empty in the file stays as it is known."""
    seen, known = import_row.c.last_active_at, subscriber.c.last_active_at
    is_of_row = import_row.c.id == import_verdict.c.row_id
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == _number, is_of_row, _is_updated)
        .values(
            first_name=_told_or_known("first_name"),
            last_name=_told_or_known("last_name"),
            timezone=_told_or_known("timezone"),
            fields=sa.func.coalesce(import_verdict.c.fields, subscriber.c.fields),
            last_active_at=sa.case((known.is_(None) | (seen > known), seen), else_=known),
            updated_at=now,
        )
    )


def _told_or_known(name: str) -> sa.ColumnElement[str]:
    told = import_row.c[name]
    return sa.case((told != "", told), else_=subscriber.c[name])


def _add_tags(connection: Connection) -> None:
    rows = (
        sa.select(_number, import_tag.c.tag)
        .select_from(_judged_rows)
        .join(import_tag, import_tag.c.tag_set == import_row.c.tag_set)
        .where(_enrols)
        .order_by(import_verdict.c.row_id)
    )
    connection.execute(
        insert_or_ignore(connection, subscriber_tag).from_select(["subscriber_id", "tag"], rows)
    )


def _add_members(connection: Connection, list_name: str, now: datetime) -> None:
    """Confirmed at once: who is on somebody's list of subscribers has agreed there."""
    at = sa.literal(now, Instant)
    rows = (
        sa.select(sa.literal(list_name), _number, at, at, import_row.c.consent_expires_at)
        .select_from(_judged_rows)
        .where(_enrols)
        .order_by(import_verdict.c.row_id)
    )
    names = ["list", "subscriber_id", "joined_at", "confirmed_at", "consent_expires_at"]
    connection.execute(insert_or_ignore(connection, membership).from_select(names, rows))


def _log_consents(connection: Connection, list_name: str, now: datetime) -> None:
    rows = (
        sa.select(
            _number,
            sa.literal(list_name),
            import_row.c.consent_kind,
            import_row.c.consent_at,
            import_row.c.consent_source,
            import_row.c.consent_confirmed_at,
            import_row.c.consent_expires_at,
            sa.literal(now, Instant),
        )
        .select_from(_judged_rows)
        .where(_proves & (_is_new | (_is_updated & has_new_consent(list_name, _number))))
        .order_by(import_verdict.c.row_id)
    )
    names = ["subscriber_id", "list", "kind", "given_at", "source", "confirmed_at", "expires_at"]
    connection.execute(sa.insert(consent).from_select([*names, "recorded_at"], rows))


def _let_consents_count(connection: Connection, list_name: str, now: datetime) -> None:
    """Members with proof of consent are confirmed; their newest consent says until when."""
    newest = (
        sa.select(consent.c.expires_at)
        .where(
            consent.c.subscriber_id == membership.c.subscriber_id,
            consent.c.list == membership.c.list,
        )
        .order_by(consent.c.given_at.desc(), consent.c.id.desc())
        .limit(1)
    )
    # Nobody is both new and a member already, but who signs up on PostgreSQL in this moment.
    may_be_member = _is_updated if connection.dialect.name == "sqlite" else _enrols
    proven = sa.select(_number).select_from(_judged_rows).where(may_be_member, _proves)
    connection.execute(
        sa.update(membership)
        .where(membership.c.list == list_name, membership.c.subscriber_id.in_(proven))
        .values(
            confirmed_at=sa.func.coalesce(membership.c.confirmed_at, sa.literal(now, Instant)),
            consent_expires_at=newest.scalar_subquery(),
        )
    )


def _note_suppressions(connection: Connection, now: datetime, source: str) -> None:
    rows = (
        sa.select(
            import_row.c.address_key,
            import_row.c.reason,
            sa.literal(source),
            sa.func.coalesce(import_row.c.since, sa.literal(now, Instant)),
        )
        .select_from(_judged_rows)
        .where(import_verdict.c.verdict == RowVerdict.SUPPRESSED.value)
    )
    names = ["address_key", "reason", "source", "at"]
    connection.execute(insert_or_ignore(connection, suppression).from_select(names, rows))
