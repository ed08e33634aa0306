"""SQL for the letters that will give to a subscriber before a launch email."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Email
from lovecampaign.store.eligibility.eligibility import Eligibility, in_audience
from lovecampaign.store.eligibility.requirements import Condition
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    delivery,
    email,
    preference,
    subscriber,
)
from lovecampaign.store.tables.slots import slot

_slot, _row, _email = slot.alias("gift"), delivery.alias("gift_row"), email.alias("gift_email")


def count_gifts_to_come(eligibility: Eligibility) -> sa.ColumnElement[int]:
    """How many giving days fall due for the subscriber from now until the launch email.

    Needs the slots of all day emails in the temporary table; days without slots do not count.
    """
    by_condition: dict[object, list[Email]] = {}
    for day in eligibility.campaign.day_emails:
        if day.gives and not day.is_broken:
            by_condition.setdefault((day.tags, day.finished), []).append(day)
    number: sa.ColumnElement[int] = sa.literal(0)
    for alike in by_condition.values():
        one = replace(eligibility, email=alike[0])
        is_for_them = sa.and_(one.passes_tags, one.has_finished)
        number += sa.case((is_for_them, _count(eligibility, alike)), else_=0)
    return number


def _count(eligibility: Eligibility, days: list[Email]) -> sa.ScalarSelect[int]:
    is_awaited = sa.or_(
        preference.c.paused_until.is_(None), preference.c.paused_until <= _slot.c.due
    )
    query = sa.select(sa.func.count()).where(
        _slot.c.email_key.in_([day.key for day in days]),
        _slot.c.zone == subscriber.c.timezone,
        in_audience.c.joined_at >= _slot.c.joined_from,
        in_audience.c.joined_at < _slot.c.joined_before,
        _slot.c.reason.is_(None),
        _slot.c.due > eligibility.instant,
        _slot.c.due < sa.literal(eligibility.email.instant, Instant),
        eligibility.wants_days,
        is_awaited,
        sa.not_(_is_settled(eligibility)),
    )
    return query.correlate(subscriber, in_audience, preference).scalar_subquery()


def _is_settled(eligibility: Eligibility) -> Condition:
    """Whether the day was cancelled, or sent or skipped for the subscriber already."""
    is_theirs = sa.and_(
        _row.c.email_id == _email.c.id,
        _row.c.subscriber_id == subscriber.c.id,
        _row.c.state != DeliveryState.PLANNED.value,
    )
    query = (
        sa.select(_email.c.id)
        .select_from(_email.outerjoin(_row, is_theirs))
        .where(
            _email.c.campaign_id == eligibility.campaign_id,
            _email.c.key == _slot.c.email_key,
            sa.or_(_email.c.cancelled_at.is_not(None), _row.c.id.is_not(None)),
        )
    )
    # Named, since only the next level would be correlated by itself.
    return query.correlate(_slot, subscriber).exists()
