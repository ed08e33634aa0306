"""Who is behind a claimed delivery? Everything that rendering needs of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.columns import from_microseconds
from lovecampaign.store.many_rows import ids_of, many_ids
from lovecampaign.store.standing import Standing, in_audience
from lovecampaign.store.tables import subscriber, subscriber_tag

#: The delivery's id, its subscriber's, when it was first claimed, the tries so far, this one
#: included, and when it expires; instants as they are stored.
ClaimedRow: TypeAlias = tuple[int, int, int, int, int | None]


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


def as_claimed(rows: Iterable[ClaimedRow], people: Mapping[int, Person]) -> list[ClaimedDelivery]:
    """The claims of these delivery rows, in the order of their ids."""
    return [
        ClaimedDelivery(
            id=id_,
            person=people[subscriber_id],
            first_claimed_at=_instant(first_claimed_at),
            attempts=attempts,
            expires_at=None if expires_at is None else _instant(expires_at),
        )
        for id_, subscriber_id, first_claimed_at, attempts, expires_at in sorted(rows)
    ]


def read_people(
    connection: Connection, standing: Standing, ids: Sequence[int]
) -> Mapping[int, Person]:
    """These subscribers by id, as the campaign of ``standing`` meets them."""
    return PeopleStatement(standing).read(connection, ids, {})


class PeopleStatement:
    """Reads subscribers as one campaign meets them; built once, read often.

    Its columns come as the driver gives them. Per person SQLAlchemy's types and rows took three
    times as long as SQLite.
    """

    def __init__(self, standing: Standing) -> None:
        self._campaign = standing.campaign
        self._select: sa.Select[Any] = (
            sa.select(
                subscriber.c.id,
                subscriber.c.email,
                subscriber.c.first_name,
                subscriber.c.last_name,
                subscriber.c.timezone,
                subscriber.c.locale,
                sa.cast(subscriber.c.fields, sa.Text),
                subscriber.c.address_key,
                standing.is_insider,
                sa.type_coerce(in_audience.c.joined_at, sa.BigInteger),
            )
            .select_from(standing.people)
            .where(subscriber.c.id.in_(ids_of("ids")))
        )

    def read(
        self, connection: Connection, ids: Sequence[int], instant: Mapping[str, datetime]
    ) -> Mapping[int, Person]:
        """By id; ``instant`` holds ``now`` where the statement was built without one."""
        if not ids:
            return {}
        asked = {"ids": many_ids(ids), **instant}
        tags = _read_tags(connection, asked)
        zones = _Zones(self._campaign)
        rows = connection.execute(self._select, asked).all()
        return {row[0]: _as_person(row, zones, tags.get(row[0], _NO_TAGS)) for row in rows}


_TAGS = sa.select(subscriber_tag.c.subscriber_id, subscriber_tag.c.tag).where(
    subscriber_tag.c.subscriber_id.in_(ids_of("ids"))
)
_NO_TAGS: frozenset[str] = frozenset()


def _read_tags(connection: Connection, asked: Mapping[str, object]) -> Mapping[int, frozenset[str]]:
    found: dict[int, list[str]] = {}
    for subscriber_id, tag in connection.execute(_TAGS, {"ids": asked["ids"]}).all():
        found.setdefault(subscriber_id, []).append(tag)
    return {id_: frozenset(tags) for id_, tags in found.items()}


class _Zones(dict[str, str]):
    """The zone that counts, by the zone as it is stored."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    def __missing__(self, stored: str) -> str:
        zone = self[stored] = effective_zone(stored, self._campaign)
        return zone


def _as_person(row: Sequence[Any], zones: _Zones, tags: frozenset[str]) -> Person:
    id_, email, first_name, last_name, zone, locale, fields, key, is_insider, joined_at = row
    return Person(
        subscriber=Subscriber(
            id=id_,
            email=email,
            first_name=first_name,
            last_name=last_name,
            timezone=zone or None,
            locale=locale,
            fields=_read_json(fields)[0],
            tags=tags,
            is_insider=bool(is_insider),
        ),
        address_key=key,
        zone=zones[zone],
        joined_at=None if joined_at is None else from_microseconds(joined_at),
    )


#: ``json.loads`` without its search for white space around: nobody but us wrote these texts.
_read_json = json.JSONDecoder().raw_decode
#: Whoever is claimed at once has one first claim, and one of few ends: comparing is cheaper.
_instant = lru_cache(maxsize=64)(from_microseconds)
