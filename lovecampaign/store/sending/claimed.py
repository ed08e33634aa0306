"""Who is behind a claimed delivery? Everything that rendering needs of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.database.json_parameters import as_json_rows, json_agg, read_json_rows
from lovecampaign.store.database.types import from_microseconds
from lovecampaign.store.eligibility.eligibility import Standing, in_audience
from lovecampaign.store.tables import subscriber, subscriber_tag

#: The delivery's id, why it must not be sent (None: it may), the local day there, when it was
#: first claimed, the tries so far, when it expires; then :func:`person_columns`. Instants as they
#: are stored.
PickedRow: TypeAlias = Sequence[Any]
_BESIDE_THE_PERSON = 6
_TAGS = (
    sa.select(json_agg(subscriber_tag.c.tag))
    .where(subscriber_tag.c.subscriber_id == subscriber.c.id)
    .scalar_subquery()
)


class Person(NamedTuple):
    """A subscriber, as one campaign meets them. Many are made: a dataclass takes twice as long."""

    subscriber: Subscriber
    address_key: str
    #: The zone that counts for this person, never empty.
    zone: str
    #: When they joined the audience; None for who is on the insiders' list only.
    joined_at: datetime | None


class ClaimedDelivery(NamedTuple):
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


def as_claimed(
    campaign: Campaign, rows: Iterable[PickedRow], now: datetime
) -> list[ClaimedDelivery]:
    """The claims that these rows have become at ``now``, in the same order."""
    zones = _Zones(campaign)
    return [
        ClaimedDelivery(
            row[0],
            _as_person(row[_BESIDE_THE_PERSON:], zones),
            now if row[3] is None else _instant(row[3]),
            row[4] + 1,
            None if row[5] is None else _instant(row[5]),
        )
        for row in rows
    ]


def read_people(
    connection: Connection, standing: Standing, ids: Sequence[int]
) -> Mapping[int, Person]:
    """These subscribers by id, as the campaign of ``standing`` meets them."""
    if not ids:
        return {}
    people = sa.select(*person_columns(standing)).select_from(standing.people)
    found = connection.scalar(as_json_rows(people.where(subscriber.c.id.in_(ids))))
    zones = _Zones(standing.campaign)
    return {row[0]: _as_person(row, zones) for row in read_json_rows(found)}


def person_columns(standing: Standing) -> tuple[sa.ColumnElement[Any], ...]:
    """What :class:`Person` is made of."""
    return (
        subscriber.c.id,
        subscriber.c.email,
        subscriber.c.first_name,
        subscriber.c.last_name,
        subscriber.c.timezone,
        subscriber.c.locale,
        subscriber.c.fields,
        _TAGS,
        subscriber.c.address_key,
        standing.is_insider,
        in_audience.c.joined_at,
    )


class _Zones(dict[str, str]):
    """The zone that counts, by the zone as it is stored."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    def __missing__(self, stored: str) -> str:
        zone = self[stored] = effective_zone(stored, self._campaign)
        return zone


def _as_person(row: Sequence[Any], zones: _Zones) -> Person:
    id_, email, first_name, last_name, zone, locale, fields, tags, key, is_insider, joined_at = row
    return Person(
        Subscriber(
            id_,
            email,
            first_name,
            last_name,
            zone or None,
            locale,
            fields,
            frozenset(tags or ()),
            bool(is_insider),
        ),
        key,
        zones[zone],
        None if joined_at is None else from_microseconds(joined_at),
    )


#: Whoever is claimed at once has one first claim, and one of few ends: comparing is cheaper.
_instant = lru_cache(maxsize=64)(from_microseconds)
