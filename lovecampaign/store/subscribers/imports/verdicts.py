"""Give every row of an import its verdict: new, updated, unchanged, protected or suppressed.

By the same statements for a dry run and for the real one: one scan of all rows, and a closer
comparison only of those that need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.subscribers.imports.merge import merge_fields, merge_overruled_rows
from lovecampaign.store.subscribers.suppressions import (
    EVERY_CAMPAIGN,
    EVERY_LIST,
    suppression_conditions,
)
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

#: Lines that are listed one by one; a wrong file of ten million rows must not fill the memory.
MAX_LINES = 100_000
_BOUNCES = (SuppressionReason.HARD_BOUNCE.value, SuppressionReason.SOFT_BOUNCES.value)

SubscriberId = sa.ColumnElement[int]
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportVerdicts:
    """The counts of an import's verdicts."""

    #: How many rows have each verdict.
    counts: Mapping[RowVerdict, int]
    #: Unconfirmed rows of known subscribers, who may still confirm.
    waiting: int = 0
    #: Known subscribers who are not on the list, where lists are kept.
    elsewhere: int = 0
    #: Unconfirmed rows of unknown addresses.
    unknown: int = 0
    #: The lines of the first :data:`MAX_LINES` of those.
    unknown_lines: Sequence[int] = ()
    #: Subscribers who left other lists, and who become mailable on this one.
    left_elsewhere: int = 0
    #: In the log of imports; None for a dry run.
    import_id: int | None = None


def give_verdicts(connection: Connection, list_name: str, *, keeps_lists: bool) -> ImportVerdicts:
    """Give every staged row its verdict.

    ``keeps_lists``: known subscribers who are not on the list stay as they are.
    """
    if _overrule_earlier_rows(connection):
        merge_overruled_rows(connection)
    stays = ~_is_on(list_name) if keeps_lists else sa.false()
    _give_verdicts(connection, list_name, stays)
    merge_fields(connection)
    elsewhere = _count_elsewhere(connection, stays) if keeps_lists else 0
    return replace(
        _sum_up(connection),
        elsewhere=elsewhere,
        left_elsewhere=_count_left_elsewhere(connection, list_name),
    )


def has_new_consent(list_name: str, subscriber_id: SubscriberId) -> Condition:
    """Whether a row has a consent that is not in a subscriber's log for this list."""
    is_logged = sa.exists().where(
        consent.c.subscriber_id == subscriber_id,
        consent.c.list == list_name,
        consent.c.kind == import_row.c.consent_kind,
        consent.c.given_at == import_row.c.consent_at,
        consent.c.source == import_row.c.consent_source,
        consent.c.confirmed_at.is_not_distinct_from(import_row.c.consent_confirmed_at),
        consent.c.expires_at.is_not_distinct_from(import_row.c.consent_expires_at),
    )
    return import_row.c.consent_at.is_not(None) & ~is_logged.correlate_except(consent)


def _overrule_earlier_rows(connection: Connection) -> int:
    """Of several rows for one address the last one counts; returns how many are overruled.

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
    result = connection.execute(
        sa.update(import_row)
        .where(same, newest.c.id > import_row.c.id)
        .values(overruled_by=newest.c.id)
    )
    return result.rowcount


def _give_verdicts(connection: Connection, list_name: str, stays: Condition) -> None:
    """``stays``: whether the file changes nothing for a known subscriber."""
    known = import_row.outerjoin(subscriber, subscriber.c.address_key == import_row.c.address_key)
    subscribes = import_row.c.reason.is_(None) & import_row.c.overruled_by.is_(None)
    rows = sa.select(
        import_row.c.id,
        _verdict(list_name, stays),
        _subscriber_id(connection),
        subscribes & subscriber.c.id.is_not(None) & ~stays & _has_other_fields(),
    )
    names = ["row_id", "verdict", "subscriber_id", "has_other_fields"]
    connection.execute(sa.insert(import_verdict).from_select(names, rows.select_from(known)))
    analyse(connection, import_verdict)


def _verdict(list_name: str, stays: Condition) -> sa.ColumnElement[str]:
    """The first condition that holds decides."""
    suppresses = import_row.c.reason.is_not(None)
    return sa.case(
        (_is_protected(list_name), RowVerdict.PROTECTED.value),
        (import_row.c.overruled_by.is_not(None), RowVerdict.UNCHANGED.value),
        (suppresses & _is_suppressed_already(list_name), RowVerdict.UNCHANGED.value),
        (suppresses, RowVerdict.SUPPRESSED.value),
        (subscriber.c.id.is_(None), RowVerdict.NEW.value),
        (stays, RowVerdict.UNCHANGED.value),
        (_has_news(list_name), RowVerdict.UPDATED.value),
        else_=RowVerdict.UNCHANGED.value,
    )


def _subscriber_id(connection: Connection) -> SubscriberId:
    """The known subscriber's id, and on SQLite that of a new one.

    Only this process writes there meanwhile. On PostgreSQL a sign-up may run at the same moment, so
    new ids are assigned at the insert and looked up, which takes 1 µs a row.
    """
    if connection.dialect.name == "postgresql":
        return subscriber.c.id
    highest = connection.scalar(sa.select(sa.func.max(subscriber.c.id))) or 0
    return sa.func.coalesce(subscriber.c.id, import_row.c.id + highest)


def _is_protected(list_name: str) -> Condition:
    """Suppressed addresses are not revived: neither those of here, nor those of the file."""
    is_forgotten = import_row.c.address_hash.in_(sa.select(forgotten.c.hash))
    gone = import_row.alias("gone")
    is_suppressed_in_file = sa.exists().where(
        gone.c.address_key == import_row.c.address_key, gone.c.reason.is_not(None)
    )
    is_suppressed = is_suppressed_in_file.correlate_except(gone) | _is_suppressed(list_name)
    return is_forgotten | (import_row.c.reason.is_(None) & is_suppressed)


def _is_suppressed(list_name: str) -> Condition:
    """Suppressed here, by more than soft bounces, on the list of this import."""
    return (
        sa.exists()
        .where(*suppression_conditions(import_row.c.address_key, list_name, EVERY_CAMPAIGN))
        .correlate_except(suppression)
    )


def _is_suppressed_already(list_name: str) -> Condition:
    same_reason = sa.exists().where(
        suppression.c.address_key == import_row.c.address_key,
        suppression.c.reason == import_row.c.reason,
        suppression.c.lifted_at.is_(None),
    )
    return _is_suppressed(list_name) & same_reason.correlate_except(suppression)


def _has_news(list_name: str) -> Condition:
    """Of a known subscriber, apart from fields, which are left to :func:`merge_fields`."""
    subscriber_id = subscriber.c.id
    return (
        ~_is_on(list_name)
        | sa.or_(*map(_has_new_text, ("first_name", "last_name", "timezone", "locale")))
        | _was_active_later()
        | _has_new_tag(subscriber_id)
        | has_new_consent(list_name, subscriber_id)
    )


def _is_on(list_name: str) -> Condition:
    return (
        sa.exists()
        .where(membership.c.list == list_name, membership.c.subscriber_id == subscriber.c.id)
        .correlate_except(membership)
    )


def _has_new_text(name: str) -> Condition:
    new, known = (sa.func.coalesce(table.c[name], "") for table in (import_row, subscriber))
    return (new != "") & (new != known)


def _was_active_later() -> Condition:
    seen, known = import_row.c.last_active_at, subscriber.c.last_active_at
    return seen.is_not(None) & (known.is_(None) | (seen > known))


def _has_new_tag(subscriber_id: SubscriberId) -> Condition:
    has_already = sa.exists().where(
        subscriber_tag.c.subscriber_id == subscriber_id, subscriber_tag.c.tag == import_tag.c.tag
    )
    new = sa.exists().where(
        import_tag.c.tag_set == import_row.c.tag_set, ~has_already.correlate_except(subscriber_tag)
    )
    return new.correlate_except(import_tag)


def _has_other_fields() -> Condition:
    new = sa.cast(import_row.c.fields, sa.Text)
    return (new != "{}") & (new != sa.cast(subscriber.c.fields, sa.Text))


def _count_elsewhere(connection: Connection, stays: Condition) -> int:
    subscribes = import_row.c.reason.is_(None) & import_row.c.overruled_by.is_(None)
    known = import_row.join(subscriber, subscriber.c.address_key == import_row.c.address_key).join(
        import_verdict, import_verdict.c.row_id == import_row.c.id
    )
    unchanged = import_verdict.c.verdict == RowVerdict.UNCHANGED.value
    counted = sa.select(sa.func.count()).select_from(known).where(subscribes, unchanged, stays)
    return connection.scalar(counted) or 0


def _count_left_elsewhere(connection: Connection, list_name: str) -> int:
    """Subscribers who left another list by their own wish, and join this one by the import.

    From the suppressions of single lists, which are few, to the rows.
    """
    joined = sa.and_(
        membership.c.list == list_name,
        membership.c.subscriber_id == import_verdict.c.subscriber_id,
        membership.c.confirmed_at.is_not(None) | import_row.c.consent_at.is_(None),
    )
    left = (
        suppression.join(import_row, import_row.c.address_key == suppression.c.address_key)
        .join(import_verdict, import_verdict.c.row_id == import_row.c.id)
        .outerjoin(membership, joined)
    )
    counted = (
        sa.select(sa.func.count(sa.distinct(suppression.c.address_key)))
        .select_from(left)
        .where(
            suppression.c.list.not_in([EVERY_LIST, list_name]),
            suppression.c.lifted_at.is_(None),
            suppression.c.reason.not_in(_BOUNCES),
            import_verdict.c.verdict.in_([RowVerdict.NEW.value, RowVerdict.UPDATED.value]),
            membership.c.subscriber_id.is_(None),
        )
    )
    return connection.scalar(counted) or 0


def _sum_up(connection: Connection) -> ImportVerdicts:
    rows = connection.execute(
        sa.select(import_verdict.c.verdict, sa.func.count()).group_by(import_verdict.c.verdict)
    )
    known = sa.exists().where(subscriber.c.address_key == import_left_out.c.address_key)
    left_out = sa.select(sa.func.count()).select_from(import_left_out)
    waiting = connection.scalar(left_out.where(known)) or 0
    unknown = connection.scalar(left_out.where(~known)) or 0
    lines = sa.select(import_left_out.c.line).where(~known).order_by("line").limit(MAX_LINES)
    return ImportVerdicts(
        counts={RowVerdict(verdict): count for verdict, count in rows},
        waiting=waiting,
        unknown=unknown,
        unknown_lines=connection.scalars(lines).all(),
    )
