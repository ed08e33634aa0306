"""Requirements as SQL: conditions in their order, each with the skip reason if it is unmet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeAlias

import sqlalchemy as sa

from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.tables import subscriber, subscriber_tag

Condition: TypeAlias = sa.ColumnElement[bool]
#: A condition for getting the email (never NULL), and the skip reason if it is false.
Requirement: TypeAlias = tuple[Condition, sa.ColumnElement[str]]


def require(condition: Condition, reason: SkipReason) -> Requirement:
    """A requirement with a constant reason."""
    return condition, sa.literal(reason.value)


def first_unmet(requirements: Iterable[Requirement]) -> sa.ColumnElement[str | None]:
    """The reason of the first requirement that is false; NULL where all hold."""
    return sa.case(*((sa.not_(condition), reason) for condition, reason in requirements))


def all_met(requirements: Iterable[Requirement]) -> Condition:
    """Whether all hold: the same as "no reason", in a form that can use indexes.

    No query planner optimises a CASE, and PostgreSQL sees no anti-join in a NOT (NOT …).
    """
    return sa.and_(*(condition for condition, _ in requirements))


def has_any_tag(tags: Collection[str]) -> Condition:
    """In any case of letters. On SQLite and in the C locale, ``lower`` knows ASCII only."""
    lowered = {tag.lower() for tag in tags}
    spellings = {write(tag) for tag in tags for write in (str, str.lower, str.upper, str.title)}
    return sa.exists().where(
        subscriber_tag.c.subscriber_id == subscriber.c.id,
        sa.or_(
            subscriber_tag.c.tag.in_(sorted(spellings | {tag.capitalize() for tag in tags})),
            sa.func.lower(subscriber_tag.c.tag).in_(sorted(lowered)),
        ),
    )
