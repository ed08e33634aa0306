"""Count the audience of a campaign by zone, consent and known fields, for ``check``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.suggestions import nearest
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.subscribers.suppressions import suppression_conditions
from lovecampaign.store.tables import consent, membership, subscriber, subscriber_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceCounts:
    """How many members a campaign's lists have, without unsubscribed ones."""

    #: Members of the audience, by effective zone.
    by_zone: Mapping[str, int]
    insiders: int
    #: Members of the audience without a recorded consent.
    without_consent: int
    #: Day 1 of the campaign as it was at the first real claim; None before it.
    begun_with: date | None
    #: How many members of both lists have each requested field.
    known_fields: Mapping[str, int]
    #: Members of either list.
    reachable: int


def count_audience(
    database: Database, campaign: Campaign, fields: Collection[str] = ()
) -> AudienceCounts:
    """Count members without regard to tags, so the counts may be a little too high."""
    audience = _is_on(campaign, campaign.audience.list)
    without_consent = sa.and_(audience, sa.not_(_has_consent(campaign.audience.list)))
    insiders = _is_on(campaign, campaign.insiders.list) if campaign.insiders else sa.false()
    zones = (
        sa.select(subscriber.c.timezone, sa.func.count())
        .where(audience)
        .group_by(subscriber.c.timezone)
    )
    with database.read() as connection:
        by_zone: dict[str, int] = {}
        for stored, count in connection.execute(zones):
            zone = effective_zone(stored, campaign)
            by_zone[zone] = by_zone.get(zone, 0) + count
        members = sa.or_(audience, insiders)
        return AudienceCounts(
            by_zone=by_zone,
            insiders=_count(connection, insiders),
            without_consent=_count(connection, without_consent),
            begun_with=_read_begun_with(connection, campaign),
            known_fields={
                name: _count(connection, sa.and_(members, _has_field(name))) for name in fields
            },
            reachable=_count(connection, members),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceNames:
    """Lists and tags that have subscribers, and those asked for that have none."""

    has_subscribers: bool
    known_lists: frozenset[str]
    empty_lists: frozenset[str]
    known_tags: frozenset[str]
    unused_tags: frozenset[str]


def find_audience_names(
    database: Database, campaign: Campaign, tags: Collection[str], leaving_out: Collection[str]
) -> AudienceNames:
    """Which of the campaign's lists and of these tags no subscriber has.

    A tag that leaves out may have no one yet, such as ``staff``; it counts where it is spelled
    nearly as one in use, since a typing error there mails those who should get nothing.
    """
    is_there = subscriber.c.forgotten_at.is_(None)
    lists = (
        sa.select(membership.c.list)
        .join(subscriber, subscriber.c.id == membership.c.subscriber_id)
        .where(is_there)
        .distinct()
    )
    with database.read() as connection:
        known_lists = frozenset(connection.scalars(lists))
        known_tags = frozenset(connection.scalars(sa.select(subscriber_tag.c.tag).distinct()))
        has_subscribers = bool(connection.scalar(sa.select(sa.exists().where(is_there))))
    folded = {tag.casefold() for tag in known_tags}
    return AudienceNames(
        has_subscribers=has_subscribers,
        known_lists=known_lists,
        empty_lists=campaign.lists - known_lists,
        known_tags=known_tags,
        unused_tags=frozenset(
            tag
            for tag in {*tags, *leaving_out}
            if tag.casefold() not in folded and (tag in tags or nearest(tag, known_tags))
        ),
    )


def find_recorded_start(database: Database, campaign: Campaign) -> date | None:
    """Day 1 of the campaign as it was at the first real claim; None before it."""
    with database.read() as connection:
        return _read_begun_with(connection, campaign)


def _read_begun_with(connection: Connection, campaign: Campaign) -> date | None:
    record = read_campaign(connection, campaign.id)
    return record.start if record and record.first_claim_at else None


def _count(connection: Connection, condition: sa.ColumnElement[bool]) -> int:
    counted = sa.select(sa.func.count()).select_from(subscriber).where(condition)
    return connection.scalar(counted) or 0


def _has_field(name: str) -> sa.ColumnElement[bool]:
    known: sa.ColumnElement[bool] = subscriber.c.fields[name].as_string().is_not(None)
    return known


def _is_on(campaign: Campaign, list_name: str) -> sa.ColumnElement[bool]:
    """Whether a subscriber is a confirmed member, and neither forgotten nor suppressed."""
    is_member = sa.exists().where(
        membership.c.subscriber_id == subscriber.c.id,
        membership.c.list == list_name,
        membership.c.confirmed_at.is_not(None),
    )
    is_suppressed = sa.exists().where(
        *suppression_conditions(subscriber.c.address_key, list_name, campaign.id)
    )
    return sa.and_(subscriber.c.forgotten_at.is_(None), is_member, sa.not_(is_suppressed))


def _has_consent(list_name: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        consent.c.subscriber_id == subscriber.c.id, consent.c.list == list_name
    )
