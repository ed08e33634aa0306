"""Five people a day who are worth a personal line; each at most once in a fortnight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.dialogue.desk.waiting import is_waiting
from lovecampaign.store.dialogue.stories.stories import StoryState
from lovecampaign.store.subscribers.suppressions import suppression_conditions
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    buyer,
    day_done,
    delivery,
    desk_case,
    gift_taken,
    membership,
    named_today,
    story,
    subscriber,
)

PEOPLE_A_DAY = 5
#: Within it, each person is named once at most.
FORTNIGHT = timedelta(days=14)
#: What is older is no news.
_NEWS = timedelta(days=7)
#: So many letters without a sign are a silence.
_SILENT_LETTERS = 5
_LONG = timedelta(days=365)


class Why(StrEnum):
    """Why a person is worth a line, in the order of choice."""

    ANSWERED = "answered"  #: wrote an answer in the last week
    HELPED = "helped"  #: a case of theirs was closed in the last week
    STRUGGLING = "struggling"  #: waits for an answer, or has an open case
    BOUGHT = "bought"  #: in the last week
    LONG_WITH_US = "long_with_us"  #: on the list for more than a year, the longest first
    SILENT = "silent"  #: got five letters or more, and gave no sign


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOfToday:
    """One of the five."""

    subscriber_id: int
    email: str
    first_name: str
    why: Why


def name_five(
    connection: Connection, campaign: Campaign, campaign_id: int, today: date, now: datetime
) -> Sequence[PersonOfToday]:
    """The people of a date: the same ones however often it is asked, and then noted as named."""
    named = _read_named(connection, campaign_id, today)
    if named:
        return named
    queues = {
        why: iter([row[0] for row in connection.execute(query)])
        for why, query in _queries(campaign, campaign_id, today, now).items()
    }
    for id_, why in _choose(queues).items():
        row = {"subscriber_id": id_, "campaign_id": campaign_id, "why": why.value}
        insert = insert_or_ignore(connection, named_today)
        connection.execute(insert.values(date=today.isoformat(), **row))
    return _read_named(connection, campaign_id, today)


def _choose(queues: Mapping[Why, Iterator[int]]) -> Mapping[int, Why]:
    """One of each reason in turn, until there are five or no more."""
    chosen: dict[int, Why] = {}
    waiting = dict(queues)
    while waiting and len(chosen) < PEOPLE_A_DAY:
        for why, queue in list(waiting.items()):
            new = next((id_ for id_ in queue if id_ not in chosen), None)
            if new is None:
                del waiting[why]
            elif len(chosen) < PEOPLE_A_DAY:
                chosen[new] = why
    return chosen


def _read_named(connection: Connection, campaign_id: int, today: date) -> Sequence[PersonOfToday]:
    rows = connection.execute(
        sa.select(named_today.c.why, subscriber.c.id, subscriber.c.email, subscriber.c.first_name)
        .join(subscriber, subscriber.c.id == named_today.c.subscriber_id)
        .where(named_today.c.campaign_id == campaign_id, named_today.c.date == today.isoformat())
    ).all()
    people = [
        PersonOfToday(
            subscriber_id=row.id, email=row.email, first_name=row.first_name, why=Why(row.why)
        )
        for row in rows
    ]
    order = list(Why)
    return sorted(people, key=lambda each: (order.index(each.why), each.subscriber_id))


def _queries(
    campaign: Campaign, campaign_id: int, today: date, now: datetime
) -> Mapping[Why, sa.Select[Any]]:
    """By reason: the ids of the people, the most deserving first."""
    recently = sa.literal(now - _NEWS, Instant)
    is_recent_story = sa.and_(
        story.c.campaign_id == campaign_id,
        story.c.written_at >= recently,
        story.c.state != StoryState.WITHDRAWN.value,
    )
    is_recent_purchase = sa.and_(buyer.c.campaign_id == campaign_id, buyer.c.bought_at >= recently)
    people = _people(campaign, campaign_id, today)
    by_id = subscriber.c.id
    joined = membership.c.joined_at
    return {
        Why.ANSWERED: people.where(
            by_id.in_(sa.select(story.c.subscriber_id).where(is_recent_story))
        ).order_by(by_id),
        Why.HELPED: people.where(
            by_id.in_(sa.select(desk_case.c.subscriber_id).where(desk_case.c.closed_at >= recently))
        ).order_by(by_id),
        Why.STRUGGLING: people.where(is_waiting()).order_by(by_id),
        Why.BOUGHT: people.where(
            subscriber.c.address_key.in_(sa.select(buyer.c.address_key).where(is_recent_purchase))
        ).order_by(by_id),
        Why.LONG_WITH_US: people.where(joined < sa.literal(now - _LONG, Instant)).order_by(
            joined, by_id
        ),
        Why.SILENT: people.where(_is_silent(campaign_id)).order_by(by_id),
    }


def _people(campaign: Campaign, campaign_id: int, today: date) -> sa.Select[Any]:
    """Mailable subscribers of the audience whom no list of the last fortnight has named."""
    name = campaign.audience.list
    since = (today - FORTNIGHT).isoformat()
    was_named = sa.exists().where(
        named_today.c.subscriber_id == subscriber.c.id,
        named_today.c.campaign_id == campaign_id,
        named_today.c.date > since,
    )
    is_suppressed = sa.exists().where(
        *suppression_conditions(subscriber.c.address_key, name, campaign.id)
    )
    return (
        sa.select(subscriber.c.id)
        .join(membership, membership.c.subscriber_id == subscriber.c.id)
        .where(
            membership.c.list == name,
            membership.c.confirmed_at.is_not(None),
            subscriber.c.forgotten_at.is_(None),
            sa.not_(is_suppressed),
            sa.not_(was_named),
        )
        .limit(PEOPLE_A_DAY * len(Why))
    )


def _is_silent(campaign_id: int) -> sa.ColumnElement[bool]:
    received = (
        sa.select(sa.func.count())
        .where(
            delivery.c.subscriber_id == subscriber.c.id,
            delivery.c.campaign_id == campaign_id,
            delivery.c.state == DeliveryState.SENT.value,
        )
        .scalar_subquery()
    )
    signs = (
        sa.exists().where(table.c.subscriber_id == subscriber.c.id)
        for table in (story, day_done, gift_taken, desk_case)
    )
    return sa.and_(received >= _SILENT_LETTERS, *(sa.not_(sign) for sign in signs))
