"""Claimed deliveries with the subscriber data that rendering needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.tokens import RowKey
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.database.json_parameters import as_json_rows, json_agg, read_json_rows
from lovecampaign.store.database.types import from_microseconds
from lovecampaign.store.eligibility.eligibility import Eligibility, in_audience
from lovecampaign.store.tables import subscriber, subscriber_tag

#: The delivery's id, its skip reason or None, the local day, when it was first claimed, the tries
#: so far, when it expires, its nonce; then :func:`member_columns`. Instants are as they are stored.
PickedRow: TypeAlias = Sequence[Any]
_DELIVERY_COLUMNS = 7
_TAGS = (
    sa.select(json_agg(subscriber_tag.c.tag))
    .where(subscriber_tag.c.subscriber_id == subscriber.c.id)
    .scalar_subquery()
)


class Member(NamedTuple):
    """A subscriber as a member of one campaign's lists.

    A tuple, since many are made: a dataclass takes twice as long.
    """

    subscriber: Subscriber
    address_key: str
    #: The effective zone, never empty.
    zone: str
    #: When they joined the audience; None for members of the insiders' list only.
    joined_at: datetime | None


class ClaimedDelivery(NamedTuple):
    """A row that only its owner may send."""

    id: int
    member: Member
    first_claimed_at: datetime
    #: This try included.
    attempts: int
    expires_at: datetime | None
    nonce: int | None

    @property
    def key(self) -> RowKey:
        return RowKey(self.id, self.nonce)

    @property
    def subscriber_id(self) -> int:
        return self.member.subscriber.id


def as_claimed(
    campaign: Campaign, rows: Iterable[PickedRow], now: datetime
) -> list[ClaimedDelivery]:
    """These rows as deliveries claimed at ``now``, in the same order."""
    zones = _Zones(campaign)
    return [
        ClaimedDelivery(
            row[0],
            _as_member(row[_DELIVERY_COLUMNS:], zones),
            now if row[3] is None else _instant(row[3]),
            row[4] + 1,
            None if row[5] is None else _instant(row[5]),
            row[6],
        )
        for row in rows
    ]


def read_members(
    connection: Connection, eligibility: Eligibility, ids: Sequence[int]
) -> Mapping[int, Member]:
    """These subscribers by id, as members of the lists of the campaign of ``eligibility``."""
    if not ids:
        return {}
    members = sa.select(*member_columns(eligibility)).select_from(eligibility.subscribers)
    rows = connection.scalar(as_json_rows(members.where(subscriber.c.id.in_(ids))))
    zones = _Zones(eligibility.campaign)
    return {row[0]: _as_member(row, zones) for row in read_json_rows(rows)}


def member_columns(eligibility: Eligibility) -> tuple[sa.ColumnElement[Any], ...]:
    """The columns of a :class:`Member`."""
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
        eligibility.is_insider,
        in_audience.c.joined_at,
    )


class _Zones(dict[str, str]):
    """The effective zone, by the stored zone."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    def __missing__(self, stored: str) -> str:
        zone = self[stored] = effective_zone(stored, self._campaign)
        return zone


def _as_member(row: Sequence[Any], zones: _Zones) -> Member:
    id_, email, first_name, last_name, zone, locale, fields, tags, key, is_insider, joined_at = row
    return Member(
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


#: Rows that are claimed together share few instants, so a cache is cheaper than conversion.
_instant = lru_cache(maxsize=64)(from_microseconds)
