"""Search subscribers by a part of their name or address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import membership, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberMatch:
    """A subscriber, as a list of search results shows them."""

    id: int
    email: str
    name: str


_NAME = subscriber.c.first_name + " " + subscriber.c.last_name


def search_subscribers(
    database: Database, lists: Collection[str], words: str, limit: int
) -> Sequence[SubscriberMatch]:
    """Members of these lists with ``words`` in their name or address, in any case."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(subscriber.c.id, subscriber.c.email, _NAME.label("name"))
            .where(_is_on(lists), name_or_address_contains(words))
            .order_by(subscriber.c.email)
            .limit(limit)
        )
        return [SubscriberMatch(id=row.id, email=row.email, name=row.name.strip()) for row in rows]


def has_subscribers(database: Database, lists: Collection[str]) -> bool:
    """Whether these lists have any member; counting a million takes a second."""
    with database.read() as connection:
        members = sa.select(subscriber.c.id).where(_is_on(lists)).limit(1)
        return connection.scalar(members) is not None


def name_or_address_contains(words: str) -> sa.ColumnElement[bool]:
    """Whether a subscriber's name or address contains these words, in any case."""
    return sa.or_(
        _NAME.icontains(words, autoescape=True),
        subscriber.c.email.icontains(words, autoescape=True),
    )


def _is_on(lists: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.and_(
        subscriber.c.forgotten_at.is_(None),
        sa.exists().where(
            membership.c.subscriber_id == subscriber.c.id, membership.c.list.in_(sorted(lists))
        ),
    )
