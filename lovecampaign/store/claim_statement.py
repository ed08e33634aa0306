"""How does SQL take the next deliveries of a batch, and leave those that must not go?

Everything that could have changed since planning is asked in the one statement that claims:
suppression, consent, tags, pause, cancel, lateness, quiet hours, the one email a day.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.deal_letters import deal_reasons
from lovecampaign.store.fate import Fate
from lovecampaign.store.slot_table import zone_clock
from lovecampaign.store.tables import (
    PLANNED,
    DeliveryState,
    batch,
    campaign,
    delivery,
    subscriber,
)


def update_to_claimed(fate: Fate) -> ReturningUpdate[Any]:
    """Parameters: ``my_batch``, ``my_epoch``, ``me``, ``after``, ``size``, ``now``.

    Returns the state and the reason of each row, and what
    :data:`~lovecampaign.store.claimed.ClaimedRow` says.
    """
    picked = _pick(fate).subquery("picked")
    now = fate.standing.instant
    is_claimed = picked.c.reason.is_(None)
    takes_the_day = sa.and_(is_claimed, sa.literal(fate.standing.email.is_one_a_day))

    def if_claimed(value: Any, otherwise: Any) -> sa.ColumnElement[Any]:
        return sa.case((is_claimed, value), else_=otherwise)

    first_claimed_at = sa.func.coalesce(delivery.c.first_claimed_at, now)
    return (
        sa.update(delivery)
        .where(delivery.c.id == picked.c.id)
        .values(
            state=if_claimed(DeliveryState.CLAIMED.value, picked.c.other_state),
            reason=picked.c.reason,
            owner_id=if_claimed(sa.bindparam("me", type_=sa.BigInteger), None),
            claimed_at=if_claimed(now, delivery.c.claimed_at),
            settled_at=if_claimed(None, now),
            first_claimed_at=if_claimed(first_claimed_at, delivery.c.first_claimed_at),
            attempts=if_claimed(delivery.c.attempts + 1, delivery.c.attempts),
            local_day=sa.case((takes_the_day, picked.c.local_day)),
        )
        .returning(
            delivery.c.state,
            delivery.c.reason,
            delivery.c.id,
            delivery.c.subscriber_id,
            sa.type_coerce(delivery.c.first_claimed_at, sa.BigInteger),
            delivery.c.attempts,
            sa.type_coerce(delivery.c.expires_at, sa.BigInteger),
        )
    )


def _pick(fate: Fate) -> sa.Select[Any]:
    """The next rows of the batch, each with why it must not be sent, if anything speaks for it."""
    people = fate.standing.people.join(delivery, delivery.c.subscriber_id == subscriber.c.id)
    other_state = DeliveryState.CANCELLED if fate.is_cancelled else DeliveryState.SKIPPED
    conditions: list[sa.ColumnElement[bool]] = [
        delivery.c.batch_id == sa.bindparam("my_batch", type_=sa.BigInteger),
        batch.c.epoch == sa.bindparam("my_epoch", type_=sa.Integer),
        campaign.c.paused_at.is_(None),
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= fate.standing.instant,
        delivery.c.id > sa.bindparam("after", type_=sa.BigInteger),
    ]
    if fate.keeps_quiet_hours:
        conditions.append(zone_clock.c.quiet_until.is_(None))
    return (
        sa.select(
            delivery.c.id,
            zone_clock.c.local_day,
            _reason(fate).label("reason"),
            sa.literal(other_state.value).label("other_state"),
        )
        .select_from(
            people.join(batch, batch.c.id == delivery.c.batch_id)
            .join(campaign, campaign.c.id == delivery.c.campaign_id)
            .join(zone_clock, zone_clock.c.zone == subscriber.c.timezone)
        )
        .where(*conditions)
        .order_by(delivery.c.id)
        .limit(sa.bindparam("size", type_=sa.Integer))
        .with_for_update(of=delivery, skip_locked=True)
    )


def _reason(fate: Fate) -> sa.ColumnElement[str | None]:
    if fate.is_cancelled:
        return sa.literal(SkipReason.CANCELLED.value)
    standing = fate.standing
    whens = [
        (subscriber.c.forgotten_at.is_not(None), SkipReason.SUPPRESSED),
        (sa.not_(standing.is_addressed), SkipReason.SUPPRESSED),
        (delivery.c.expires_at <= standing.instant, SkipReason.LATE),
    ]
    whens += deal_reasons(standing, standing.instant)
    if standing.email.is_one_a_day:
        whens.append((_is_day_taken(), SkipReason.DAY_TAKEN))
    by_time = sa.case(*((condition, reason.value) for condition, reason in whens))
    return sa.func.coalesce(standing.reason, by_time)


def _is_day_taken() -> sa.ColumnElement[bool]:
    other = delivery.alias("other")
    return sa.exists().where(
        other.c.subscriber_id == delivery.c.subscriber_id,
        other.c.campaign_id == delivery.c.campaign_id,
        other.c.local_day == zone_clock.c.local_day,
    )
