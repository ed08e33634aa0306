"""What will an import do with each of its rows?

Every row gets a verdict, by the same statements for a dry run and for the real one: one look at
each row, and closer ones only at those that need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.imports.merge import merge_fields, merge_overruled_rows
from lovecampaign.store.subscribers.suppressions import EVERY_CAMPAIGN, suppression_conditions
from lovecampaign.store.tables import (
    consent,
    forgotten,
    membership,
    subscriber,
    subscriber_tag,
    suppression,
)
from lovecampaign.store.tables.imports import (
    RowVerdict,
    analyse,
    import_left_out,
    import_row,
    import_tag,
    import_verdict,
)

#: Lines that are told one by one; a wrong file of ten million rows must not fill the memory.
MAX_LINES = 100_000

Number = sa.ColumnElement[int]
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportVerdicts:
    """What becomes of the rows of an import."""

    #: How many rows got each verdict.
    counts: Mapping[RowVerdict, int]
    #: People who have not confirmed and are known here, where they may confirm any day.
    waiting: int = 0
    #: People who are known here and not on the list, where these stay as they are.
    elsewhere: int = 0
    #: People who have not confirmed and are not known here.
    unknown: int = 0
    #: The lines of the first :data:`MAX_LINES` of those.
    unknown_lines: Sequence[int] = ()


def give_verdicts(connection: Connection, list_name: str, *, keeps_lists: bool) -> ImportVerdicts:
    """Give every staged row its verdict.

    ``keeps_lists``: who is known here and not on the list stays as they are.
    """
    if _let_the_last_row_speak(connection):
        merge_overruled_rows(connection)
    stays = ~_is_on(list_name) if keeps_lists else sa.false()
    _give_verdicts(connection, list_name, stays)
    merge_fields(connection)
    elsewhere = _count_elsewhere(connection, stays) if keeps_lists else 0
    return replace(_sum_up(connection), elsewhere=elsewhere)


def has_new_consent(list_name: str, number: Number) -> Condition:
    """Whether a row proves a consent that a subscriber's log does not hold yet for this list."""
    is_logged = sa.exists().where(
        consent.c.subscriber_id == number,
        consent.c.list == list_name,
        consent.c.kind == import_row.c.consent_kind,
        consent.c.given_at == import_row.c.consent_at,
        consent.c.source == import_row.c.consent_source,
        consent.c.confirmed_at.is_not_distinct_from(import_row.c.consent_confirmed_at),
        consent.c.expires_at.is_not_distinct_from(import_row.c.consent_expires_at),
    )
    return import_row.c.consent_at.is_not(None) & ~is_logged.correlate_except(consent)


def _let_the_last_row_speak(connection: Connection) -> int:
    """Of several rows for one address the last one counts; returns how many others there are.

    Rows that subscribe are overruled by such rows, and rows that suppress by those.
    """
    doubles = (
        sa.select(import_row.c.address_key)
        .group_by(import_row.c.address_key)
        .having(sa.func.count() > 1)
    )
    subscribes = import_row.c.reason.is_(None)
    newest = (
        sa.select(
            import_row.c.address_key,
            subscribes.label("subscribes"),
            sa.func.max(import_row.c.id).label("id"),
        )
        .where(import_row.c.address_key.in_(doubles))
        .group_by(import_row.c.address_key, subscribes)
        .subquery("newest")
    )
    same = (newest.c.address_key == import_row.c.address_key) & (newest.c.subscribes == subscribes)
    found = connection.execute(
        sa.update(import_row)
        .where(same, newest.c.id > import_row.c.id)
        .values(overruled_by=newest.c.id)
    )
    return found.rowcount


def _give_verdicts(connection: Connection, list_name: str, stays: Condition) -> None:
    """``stays``: of a known person, whether the file changes nothing."""
    known = import_row.outerjoin(subscriber, subscriber.c.address_key == import_row.c.address_key)
    speaks = import_row.c.reason.is_(None) & import_row.c.overruled_by.is_(None)
    rows = sa.select(
        import_row.c.id,
        _verdict(list_name, stays),
        _number(connection),
        speaks & subscriber.c.id.is_not(None) & ~stays & _has_other_fields(),
    )
    names = ["row_id", "verdict", "subscriber_id", "has_other_fields"]
    connection.execute(sa.insert(import_verdict).from_select(names, rows.select_from(known)))
    analyse(connection, import_verdict)


def _verdict(list_name: str, stays: Condition) -> sa.ColumnElement[str]:
    """The first condition that holds decides."""
    suppresses = import_row.c.reason.is_not(None)
    return sa.case(
        (_must_not_come_back(list_name), RowVerdict.PROTECTED.value),
        (import_row.c.overruled_by.is_not(None), RowVerdict.UNCHANGED.value),
        (suppresses & _is_suppressed_so(list_name), RowVerdict.UNCHANGED.value),
        (suppresses, RowVerdict.SUPPRESSED.value),
        (subscriber.c.id.is_(None), RowVerdict.NEW.value),
        (stays, RowVerdict.UNCHANGED.value),
        (_says_something_new(list_name), RowVerdict.UPDATED.value),
        else_=RowVerdict.UNCHANGED.value,
    )


def _number(connection: Connection) -> Number:
    """Who is known, and on SQLite who a new person will be.

    Nobody else writes there meanwhile. Elsewhere somebody may sign up at the same moment, so new
    people are numbered as they are inserted and looked up, which takes 1 µs a row.
    """
    if connection.dialect.name == "postgresql":
        return subscriber.c.id
    highest = connection.scalar(sa.select(sa.func.max(subscriber.c.id))) or 0
    return sa.func.coalesce(subscriber.c.id, import_row.c.id + highest)


def _must_not_come_back(list_name: str) -> Condition:
    """Nobody who left comes back through a file: neither if they left here, nor in the file."""
    is_forgotten = import_row.c.address_hash.in_(sa.select(forgotten.c.hash))
    gone = import_row.alias("gone")
    leaves_in_file = sa.exists().where(
        gone.c.address_key == import_row.c.address_key, gone.c.reason.is_not(None)
    )
    has_left = leaves_in_file.correlate_except(gone) | _has_left(list_name)
    return is_forgotten | (import_row.c.reason.is_(None) & has_left)


def _has_left(list_name: str) -> Condition:
    """Here, for good, and so that it suppression_conditions the list of this import."""
    return (
        sa.exists()
        .where(*suppression_conditions(import_row.c.address_key, list_name, EVERY_CAMPAIGN))
        .correlate_except(suppression)
    )


def _is_suppressed_so(list_name: str) -> Condition:
    same_reason = sa.exists().where(
        suppression.c.address_key == import_row.c.address_key,
        suppression.c.reason == import_row.c.reason,
        suppression.c.lifted_at.is_(None),
    )
    return _has_left(list_name) & same_reason.correlate_except(suppression)


def _says_something_new(list_name: str) -> Condition:
    """Of a known person. What their fields say is left for :func:`merge_fields`."""
    number = subscriber.c.id
    return (
        ~_is_on(list_name)
        | sa.or_(*(_is_told_anew(name) for name in ("first_name", "last_name", "timezone")))
        | _was_active_later()
        | _has_new_tag(number)
        | has_new_consent(list_name, number)
    )


def _is_on(list_name: str) -> Condition:
    return (
        sa.exists()
        .where(membership.c.list == list_name, membership.c.subscriber_id == subscriber.c.id)
        .correlate_except(membership)
    )


def _is_told_anew(name: str) -> Condition:
    told = import_row.c[name]
    return (told != "") & (told != subscriber.c[name])


def _was_active_later() -> Condition:
    seen, known = import_row.c.last_active_at, subscriber.c.last_active_at
    return seen.is_not(None) & (known.is_(None) | (seen > known))


def _has_new_tag(number: Number) -> Condition:
    has_already = sa.exists().where(
        subscriber_tag.c.subscriber_id == number, subscriber_tag.c.tag == import_tag.c.tag
    )
    new = sa.exists().where(
        import_tag.c.tag_set == import_row.c.tag_set, ~has_already.correlate_except(subscriber_tag)
    )
    return new.correlate_except(import_tag)


def _has_other_fields() -> Condition:
    told = sa.cast(import_row.c.fields, sa.Text)
    return (told != "{}") & (told != sa.cast(subscriber.c.fields, sa.Text))


def _count_elsewhere(connection: Connection, stays: Condition) -> int:
    subscribes = import_row.c.reason.is_(None) & import_row.c.overruled_by.is_(None)
    known = import_row.join(subscriber, subscriber.c.address_key == import_row.c.address_key).join(
        import_verdict, import_verdict.c.row_id == import_row.c.id
    )
    unchanged = import_verdict.c.verdict == RowVerdict.UNCHANGED.value
    counted = sa.select(sa.func.count()).select_from(known).where(subscribes, unchanged, stays)
    return connection.scalar(counted) or 0


def _sum_up(connection: Connection) -> ImportVerdicts:
    found = connection.execute(
        sa.select(import_verdict.c.verdict, sa.func.count()).group_by(import_verdict.c.verdict)
    )
    known = sa.exists().where(subscriber.c.address_key == import_left_out.c.address_key)
    left_out = sa.select(sa.func.count()).select_from(import_left_out)
    waiting = connection.scalar(left_out.where(known)) or 0
    unknown = connection.scalar(left_out.where(~known)) or 0
    lines = sa.select(import_left_out.c.line).where(~known).order_by("line").limit(MAX_LINES)
    return ImportVerdicts(
        counts={RowVerdict(verdict): count for verdict, count in found},
        waiting=waiting,
        unknown=unknown,
        unknown_lines=connection.scalars(lines).all(),
    )
