"""Small tasks of days: marked as done, and counted for letters and pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.render.model.recipient import NO_PROGRESS, Progress
from lovecampaign.schedule.streak import TaskMark, count_streak
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.tables import day_done, subscriber

#: A number of fewer people says too much about each of them.
FEWEST_IN_GROUP = 5


def mark_done(
    connection: Connection, delivery: DeliveryRecord, day: str, now: datetime, zone: str
) -> None:
    """Mark the task of a day; a second time changes nothing."""
    row = {
        "subscriber_id": delivery.subscriber_id,
        "campaign_id": delivery.campaign_id,
        "day": day,
        "at": now,
        "timezone": zone,
    }
    connection.execute(insert_or_ignore(connection, day_done).values(row))


def unmark_done(connection: Connection, delivery: DeliveryRecord, day: str) -> None:
    """Take a mark back."""
    is_theirs = day_done.c.subscriber_id == delivery.subscriber_id
    is_here = day_done.c.campaign_id == delivery.campaign_id
    connection.execute(sa.delete(day_done).where(is_theirs, is_here, day_done.c.day == day))


def read_done_days(connection: Connection, delivery: DeliveryRecord) -> frozenset[str]:
    """The days of the campaign with a mark of this subscriber."""
    is_theirs = day_done.c.subscriber_id == delivery.subscriber_id
    is_here = day_done.c.campaign_id == delivery.campaign_id
    return frozenset(connection.scalars(sa.select(day_done.c.day).where(is_theirs, is_here)))


def list_done(connection: Connection, subscriber_id: int) -> Sequence[tuple[str, datetime]]:
    """The days with a task that a subscriber has done, in any campaign, and when."""
    query = sa.select(day_done.c.day, day_done.c.at).where(
        day_done.c.subscriber_id == subscriber_id
    )
    return [(row.day, row.at) for row in connection.execute(query.order_by(day_done.c.at))]


def count_done(campaign_id: int) -> sa.ScalarSelect[int]:
    """SQL over subscribers: how many tasks of a campaign each has done."""
    return (
        sa.select(sa.func.count())
        .where(day_done.c.subscriber_id == subscriber.c.id, day_done.c.campaign_id == campaign_id)
        .correlate(subscriber)
        .scalar_subquery()
    )


def read_progress(
    connection: Connection, campaign_id: int, zones: Mapping[int, str], now: datetime
) -> Mapping[int, Progress]:
    """The progress of subscribers, given the effective zone of each; of all that are given."""
    group = _count_group(connection, campaign_id)
    marks = _read_marks(connection, campaign_id, zones.keys())
    none_done = NO_PROGRESS._replace(group_done=group)
    return {
        id_: none_done._replace(done=len(marks[id_]), streak=count_streak(marks[id_], now, zone))
        if id_ in marks
        else none_done
        for id_, zone in zones.items()
    }


def _read_marks(
    connection: Connection, campaign_id: int, ids: Collection[int]
) -> Mapping[int, list[TaskMark]]:
    marks: defaultdict[int, list[TaskMark]] = defaultdict(list)
    columns = (day_done.c.subscriber_id, day_done.c.at, day_done.c.timezone)
    query = sa.select(*columns).where(
        day_done.c.campaign_id == campaign_id, is_one_of(day_done.c.subscriber_id, ids)
    )
    for id_, at, zone in connection.execute(query):
        marks[id_].append(TaskMark(at=at, zone=zone))
    return marks


def _count_group(connection: Connection, campaign_id: int) -> int:
    """How many subscribers have done a task; 0 for fewer than five."""
    query = (
        sa.select(sa.func.count(sa.distinct(day_done.c.subscriber_id)))
        .join(subscriber, subscriber.c.id == day_done.c.subscriber_id)
        .where(day_done.c.campaign_id == campaign_id)
    )
    count = connection.scalar(query) or 0
    return count if count >= FEWEST_IN_GROUP else 0
