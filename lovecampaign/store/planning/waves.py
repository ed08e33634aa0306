"""Planning of the invitation: the rows of each day's wave.

A wave is planned once, in one transaction that marks the email as planned, so a subscriber's wave
never changes afterwards. Its size comes from what the ledger says was really sent to each receiving
domain: a stopped or missed wave makes the next ones smaller, not larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Invitation
from lovecampaign.schedule.waves import wave_instants
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.types import DomainOf
from lovecampaign.store.eligibility.activity import last_activity
from lovecampaign.store.planning.batches import insert_empty_batch
from lovecampaign.store.planning.planning_task import HORIZON, PlanningTask, insert_deliveries
from lovecampaign.store.tables import BigKey, DeliveryState, Instant, delivery, subscriber
from lovecampaign.store.tables.slots import fill_numbers, wave

#: Rows that are no part of a wave.
_NOT_SENT = (DeliveryState.SKIPPED.value, DeliveryState.CANCELLED.value)


def plan_wave(
    database: Database, task: PlanningTask, planned_at: datetime | None, batch_size: int
) -> int:
    """Insert the rows of today's wave, unless that is done; returns how many."""
    at, invitation = due_wave(task), task.campaign.invitation
    if at is None or invitation is None or _is_planned(at, planned_at):
        return 0
    with database.write() as connection:
        task.lock(connection)
        if not _may_plan(connection, task, at):
            return 0
        # Also of zones where quiet hours delay the first wave.
        task.load_slots(connection, until=invitation.ends)
        size = fill_numbers(connection, wave, _select_wave(task, at), task.parameters)
        for first in range(0, size, batch_size):
            batch_id = insert_empty_batch(connection, task, at)
            rows = _select_rows(task, at, batch_id).where(
                wave.c.number > first, wave.c.number <= first + batch_size
            )
            connection.execute(insert_deliveries(rows))
        if size:
            connection.execute(
                sa.update(tables.email)
                .where(tables.email.c.id == task.id)
                .values(planned_at=task.now)
            )
        return size


def due_wave(task: PlanningTask) -> datetime | None:
    """The newest wave that is due; None before the first, and from day 1 on."""
    invitation = task.campaign.invitation
    if invitation is None or task.now >= invitation.ends:
        return None
    due = [at for at in wave_instants(task.campaign) if at <= task.horizon]
    return due[-1] if due else None


def _is_planned(at: datetime, planned_at: datetime | None) -> bool:
    return planned_at is not None and planned_at >= at - HORIZON


def _may_plan(connection: Connection, task: PlanningTask, at: datetime) -> bool:
    """Asked under the lock: no other process planned it, and the campaign is not paused."""
    email, campaign = tables.email, tables.campaign
    row = connection.execute(
        sa.select(email.c.planned_at, campaign.c.paused_at)
        .join(campaign, campaign.c.id == email.c.campaign_id)
        .where(email.c.id == task.id)
    ).one()
    return row.paused_at is None and not _is_planned(at, row.planned_at)


def _select_wave(task: PlanningTask, at: datetime) -> sa.Select[Any]:
    """Ids with their place in the wave: of each domain the most recently active."""
    invitation = task.campaign.invitation
    if invitation is None:
        raise ValueError(f"{task.campaign.id} has no invitation")
    domain, activity = DomainOf(subscriber.c.address_key), last_activity()
    disposition = task.disposition
    waiting = (
        disposition.select_without_row(
            sa.bindparam("my_email", type_=BigKey),
            subscriber.c.id,
            domain.label("domain"),
            activity.label("activity"),
        )
        .where(disposition.is_recipient)
        .subquery()
    )
    recent_first = (waiting.c.activity.desc().nulls_last(), waiting.c.id)
    ranked = sa.select(
        waiting,
        sa.func.row_number()
        .over(partition_by=waiting.c.domain, order_by=recent_first)
        .label("rank"),
    ).subquery()
    before = _count_waves(task.id, _days_before(task, at)).subquery()
    rooms = before.c
    room = _size_in_sql(invitation, sa.func.coalesce(rooms.largest, 0))
    room -= sa.func.coalesce(rooms.planned, 0)
    number = sa.func.row_number().over(
        order_by=(ranked.c.activity.desc().nulls_last(), ranked.c.id)
    )
    return (
        sa.select(ranked.c.id, number)
        .select_from(ranked.outerjoin(before, rooms.domain == ranked.c.domain))
        .where(ranked.c.rank <= room)
    )


def _days_before(task: PlanningTask, at: datetime) -> Sequence[datetime]:
    return [one for one in wave_instants(task.campaign) if one <= at]


def _size_in_sql(invitation: Invitation, largest: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """As :func:`lovecampaign.schedule.waves.largest_size`."""
    grown = largest * invitation.growth.numerator // invitation.growth.denominator
    return sa.case((grown > invitation.first, grown), else_=sa.literal(invitation.first))


def count_by_day(email_id: int, begun: Sequence[datetime]) -> sa.Select[Any]:
    """How many rows each receiving domain has, by the number of the wave, from 0.

    A row belongs to the day on which it was first claimed; one that was not claimed yet goes out
    with the newest wave. ``begun``: the waves up to the newest.
    """
    newest = len(begun) - 1
    claimed_at = delivery.c.first_claimed_at
    borders = [
        (claimed_at < sa.literal(at, Instant), number) for number, at in enumerate(begun[1:])
    ]
    day = sa.case((claimed_at.is_(None), newest), *borders, else_=newest)
    return (
        sa.select(
            DomainOf(subscriber.c.address_key).label("domain"),
            day.label("day"),
            sa.func.count().label("size"),
        )
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(delivery.c.email_id == email_id, delivery.c.state.not_in(_NOT_SENT))
        .group_by("domain", "day")
    )


def _count_waves(email_id: int, begun: Sequence[datetime]) -> sa.Select[Any]:
    """For each receiving domain: its largest wave before the newest, and what is in that one."""
    each = count_by_day(email_id, begun).subquery()
    is_newest = each.c.day == len(begun) - 1
    largest = sa.func.max(sa.case((is_newest, 0), else_=each.c.size))
    planned = sa.func.sum(sa.case((is_newest, each.c.size), else_=0))
    return sa.select(
        each.c.domain,
        sa.cast(largest, sa.BigInteger).label("largest"),
        sa.cast(planned, sa.BigInteger).label("planned"),
    ).group_by(each.c.domain)


def _select_rows(task: PlanningTask, at: datetime, batch_id: int) -> sa.Select[Any]:
    due, ends = sa.literal(at, Instant), task.campaign.invitation
    return sa.select(
        sa.literal(task.record.id),
        sa.literal(task.id),
        wave.c.subscriber_id,
        sa.literal(batch_id, BigKey),
        sa.literal(DeliveryState.PLANNED.value),
        sa.null(),
        due,
        sa.literal(ends.ends if ends else None, Instant),
        due,
    ).order_by(wave.c.number)
