"""Who is behind a claimed delivery? Everything that rendering needs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.standing import Standing, in_audience
from lovecampaign.store.tables import subscriber, subscriber_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """One row that its owner alone may send."""

    id: int
    person: Person
    first_claimed_at: datetime
    #: This try included.
    attempts: int
    expires_at: datetime | None

    @property
    def subscriber_id(self) -> int:
        return self.person.subscriber.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A subscriber, as one campaign meets them."""

    subscriber: Subscriber
    address_key: str
    #: The zone that counts for this person, never empty.
    zone: str
    #: When they joined the audience; None for who is on the insiders' list only.
    joined_at: datetime | None


def as_claimed(rows: Sequence[sa.Row[Any]], people: Mapping[int, Person]) -> list[ClaimedDelivery]:
    """The claims of these delivery rows, in the order of their ids."""
    return [
        ClaimedDelivery(
            id=row.id,
            person=people[row.subscriber_id],
            first_claimed_at=row.first_claimed_at,
            attempts=row.attempts,
            expires_at=row.expires_at,
        )
        for row in sorted(rows, key=lambda row: int(row.id))
    ]


def read_people(
    connection: Connection, standing: Standing, ids: Sequence[int]
) -> Mapping[int, Person]:
    """These subscribers by id, as the campaign of ``standing`` meets them."""
    return PeopleStatement(standing).read(connection, ids, {})


class PeopleStatement:
    """Reads subscribers as one campaign meets them; built once, read often."""

    def __init__(self, standing: Standing) -> None:
        self._campaign = standing.campaign
        self._select: sa.Select[Any] = (
            sa.select(
                *subscriber.c,
                standing.is_insider.label("is_insider"),
                in_audience.c.joined_at.label("joined_at"),
            )
            .select_from(standing.people)
            .where(subscriber.c.id.in_(_IDS))
        )

    def read(
        self, connection: Connection, ids: Sequence[int], instant: Mapping[str, datetime]
    ) -> Mapping[int, Person]:
        """By id; ``instant`` holds ``now`` where the statement was built without one."""
        if not ids:
            return {}
        tags = _read_tags(connection, ids)
        rows = connection.execute(self._select, {"ids": ids, **instant})
        return {row.id: _as_person(self._campaign, row, tags) for row in rows}


_IDS: sa.BindParameter[int] = sa.bindparam("ids", expanding=True)
_TAGS = sa.select(subscriber_tag).where(subscriber_tag.c.subscriber_id.in_(_IDS))


def _read_tags(connection: Connection, ids: Sequence[int]) -> Mapping[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for each in connection.execute(_TAGS, {"ids": ids}):
        found.setdefault(each.subscriber_id, set()).add(each.tag)
    return {id_: frozenset(tags) for id_, tags in found.items()}


def _as_person(campaign: Campaign, row: sa.Row[Any], tags: Mapping[int, frozenset[str]]) -> Person:
    return Person(
        subscriber=Subscriber(
            id=row.id,
            email=row.email,
            first_name=row.first_name,
            last_name=row.last_name,
            timezone=row.timezone or None,
            locale=row.locale,
            fields=row.fields,
            tags=tags.get(row.id, frozenset()),
            is_insider=bool(row.is_insider),
        ),
        address_key=row.address_key,
        zone=effective_zone(row.timezone, campaign),
        joined_at=row.joined_at,
    )
