"""What will an import do with each of its rows?

Every row gets a verdict, by the same statements for a dry run and for the real one.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.merging import fill_in_from_earlier_rows, merge_with_what_is_known
from lovecampaign.store.staging import Verdict, import_row, import_tag
from lovecampaign.store.tables import (
    consent,
    forgotten,
    membership,
    subscriber,
    subscriber_tag,
    suppression,
)

_subscribes = import_row.c.reason.is_(None)
_suppresses = import_row.c.reason.is_not(None)
_is_open = import_row.c.verdict.is_(None)


def judge(connection: Connection, list_name: str) -> dict[Verdict, int]:
    """Give every staged row its verdict; returns how many rows got each."""
    _protect(connection, list_name)
    _let_the_last_row_speak(connection)
    fill_in_from_earlier_rows(connection)
    _judge_suppressions(connection, list_name)
    _judge_strangers(connection)
    _judge_known_people(connection, list_name)
    return _count(connection)


def _count(connection: Connection) -> dict[Verdict, int]:
    found = connection.execute(
        sa.select(import_row.c.verdict, sa.func.count()).group_by(import_row.c.verdict)
    )
    return {Verdict(verdict): count for verdict, count in found}


def _set_verdict(
    connection: Connection, verdict: Verdict, *conditions: sa.ColumnElement[bool]
) -> None:
    connection.execute(
        sa.update(import_row).where(_is_open, *conditions).values(verdict=verdict.value)
    )


def _protect(connection: Connection, list_name: str) -> None:
    """Nobody who left comes back through a file: neither if they left here, nor in the file."""
    leaves = import_row.alias("leaves")
    leavers = sa.select(leaves.c.address_key).where(leaves.c.reason.is_not(None))
    leaves_in_file = import_row.c.address_key.in_(leavers)
    is_forgotten = import_row.c.address_hash.in_(sa.select(forgotten.c.hash))
    _set_verdict(connection, Verdict.PROTECTED, is_forgotten)
    _set_verdict(connection, Verdict.PROTECTED, _subscribes, leaves_in_file)
    _set_verdict(connection, Verdict.PROTECTED, _subscribes, _has_left(list_name))


def _has_left(list_name: str) -> sa.ColumnElement[bool]:
    """Here, for good, and so that it reaches the list of this import."""
    return sa.exists().where(
        suppression.c.address_key == import_row.c.address_key,
        suppression.c.list.in_(["", list_name]),
        suppression.c.only_campaign == "",
        suppression.c.lifted_at.is_(None),
    )


def _let_the_last_row_speak(connection: Connection) -> None:
    """Of several rows for one address the last one counts; the others change nothing."""
    later = import_row.alias("later")
    same_address = later.c.address_key == import_row.c.address_key
    counts = (  # not max(): that reads every row of an address that stands there a thousand times
        sa.select(later.c.id)
        .where(same_address, later.c.verdict.is_(None))
        .order_by(later.c.id.desc())
        .limit(1)
    )
    is_double = sa.exists().where(same_address, later.c.id > import_row.c.id)
    connection.execute(
        sa.update(import_row)
        .where(_is_open, is_double)
        .values(overruled_by=counts.scalar_subquery())
    )
    _set_verdict(connection, Verdict.UNCHANGED, import_row.c.overruled_by > import_row.c.id)


def _judge_suppressions(connection: Connection, list_name: str) -> None:
    same_reason = _has_left(list_name) & sa.exists().where(
        suppression.c.address_key == import_row.c.address_key,
        suppression.c.reason == import_row.c.reason,
        suppression.c.lifted_at.is_(None),
    )
    _set_verdict(connection, Verdict.UNCHANGED, _suppresses, same_reason)
    _set_verdict(connection, Verdict.SUPPRESSED, _suppresses)


def _judge_strangers(connection: Connection) -> None:
    known = sa.select(subscriber.c.id).where(subscriber.c.address_key == import_row.c.address_key)
    connection.execute(
        sa.update(import_row).where(_is_open).values(subscriber_id=known.scalar_subquery())
    )
    _set_verdict(connection, Verdict.NEW, import_row.c.subscriber_id.is_(None))


def _judge_known_people(connection: Connection, list_name: str) -> None:
    _set_verdict(connection, Verdict.UPDATED, sa.not_(_is_on_list(list_name)))
    _set_verdict(connection, Verdict.UPDATED, _has_new_tag())
    _set_verdict(connection, Verdict.UPDATED, has_new_consent(list_name))
    merge_with_what_is_known(connection)
    _set_verdict(connection, Verdict.UNCHANGED)


def _is_on_list(list_name: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        membership.c.list == list_name, membership.c.subscriber_id == import_row.c.subscriber_id
    )


def _has_new_tag() -> sa.ColumnElement[bool]:
    has_already = sa.exists().where(
        subscriber_tag.c.subscriber_id == import_row.c.subscriber_id,
        subscriber_tag.c.tag == import_tag.c.tag,
    )
    return sa.exists().where(import_tag.c.row_id == import_row.c.id, sa.not_(has_already))


def has_new_consent(list_name: str) -> sa.ColumnElement[bool]:
    """Whether a row proves a consent that the log does not hold yet for this list."""
    is_logged = sa.exists().where(
        consent.c.subscriber_id == import_row.c.subscriber_id,
        consent.c.list == list_name,
        consent.c.kind == import_row.c.consent_kind,
        consent.c.given_at == import_row.c.consent_at,
        consent.c.source == import_row.c.consent_source,
        consent.c.confirmed_at.is_not_distinct_from(import_row.c.consent_confirmed_at),
        consent.c.expires_at.is_not_distinct_from(import_row.c.consent_expires_at),
    )
    return sa.and_(import_row.c.consent_at.is_not(None), sa.not_(is_logged))
