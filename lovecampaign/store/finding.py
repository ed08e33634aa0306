"""Who is meant by a few letters of a name or an address?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from lovecampaign.store.database import Database
from lovecampaign.store.tables import membership, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A subscriber, as a list to choose from shows them."""

    id: int
    email: str
    name: str


def find_people(
    database: Database, lists: Collection[str], words: str, limit: int
) -> Sequence[Found]:
    """Members of these lists whose name or address holds ``words``, whatever the case."""
    name = subscriber.c.first_name + " " + subscriber.c.last_name
    hit = sa.or_(
        name.icontains(words, autoescape=True),
        subscriber.c.email.icontains(words, autoescape=True),
    )
    with database.read() as connection:
        rows = connection.execute(
            sa.select(subscriber.c.id, subscriber.c.email, name.label("name"))
            .where(_is_on(lists), hit)
            .order_by(subscriber.c.email)
            .limit(limit)
        )
        return [Found(id=row.id, email=row.email, name=row.name.strip()) for row in rows]


def count_people(database: Database, lists: Collection[str]) -> int:
    """How many stand on any of these lists."""
    with database.read() as connection:
        counted = sa.select(sa.func.count()).select_from(subscriber).where(_is_on(lists))
        return connection.scalar(counted) or 0


def _is_on(lists: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.and_(
        subscriber.c.forgotten_at.is_(None),
        sa.exists().where(
            membership.c.subscriber_id == subscriber.c.id, membership.c.list.in_(sorted(lists))
        ),
    )
