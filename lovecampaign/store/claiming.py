"""Which deliveries may a sender put on the wire now?

A claim is committed durably before any byte goes out. Everything that could have changed since
planning (suppression, consent, tags, pause, cancel, lateness, the one email a day) is checked
in the same statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import ReturningUpdate

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.schedule.instants import effective_zone, local_day
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import closes_at
from lovecampaign.store.campaigns import CampaignRecord
from lovecampaign.store.claimed import ClaimedDelivery, read_claimed
from lovecampaign.store.slot_table import fill_zone_days, zone_day, zones_in_use
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import (
    MICROSECOND,
    DeliveryState,
    Instant,
    batch,
    campaign,
    delivery,
    membership,
    subscriber,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """What a sender asks for."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    batch_id: int
    #: As the batch was handed out: an older epoch finds nothing.
    epoch: int
    owner_id: int
    limit: int
    #: Delivery ids up to this one were seen before in this pass (keeps PostgreSQL fast while
    #: dead index entries pile up: 4 to 5 times, performance lab, section 5).
    after_id: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a request got."""

    deliveries: Sequence[ClaimedDelivery] = ()
    #: Rows that were looked at and are not to be sent, by reason.
    skipped: Mapping[str, int] = field(default_factory=dict)
    #: The highest delivery id looked at; None: the batch is exhausted.
    last_id: int | None = None


def claim(connection: Connection, request: ClaimRequest) -> Claims:
    """Take up to ``limit`` due rows of a batch, inside the caller's transaction."""
    _lay_out_days(connection, request)
    rows = connection.execute(_claim_statement(request)).all()
    if not rows:
        return Claims()
    claimed = [row for row in rows if row.state == DeliveryState.CLAIMED.value]
    if claimed:
        _note_first_claim(connection, request)
    return Claims(
        deliveries=read_claimed(connection, _standing(request), claimed),
        skipped=_count_reasons(rows),
        last_id=max(row.id for row in rows),
    )


def _lay_out_days(connection: Connection, request: ClaimRequest) -> None:
    days = {
        zone: local_day(request.now, effective_zone(zone, request.campaign))
        for zone in zones_in_use(connection)
    }
    fill_zone_days(connection, days)


def _claim_statement(request: ClaimRequest) -> ReturningUpdate[Any]:
    picked = _pick(request).subquery("picked")
    is_claimed = picked.c.reason.is_(None)
    is_one_a_day = sa.literal(request.email.is_one_a_day)

    def if_claimed(value: Any, otherwise: Any) -> sa.ColumnElement[Any]:
        return sa.case((is_claimed, value), else_=otherwise)

    return (
        sa.update(delivery)
        .where(delivery.c.id == picked.c.id)
        .values(
            state=if_claimed(DeliveryState.CLAIMED.value, picked.c.other_state),
            reason=picked.c.reason,
            owner_id=if_claimed(request.owner_id, None),
            claimed_at=if_claimed(sa.literal(request.now, Instant), delivery.c.claimed_at),
            settled_at=if_claimed(None, sa.literal(request.now, Instant)),
            first_claimed_at=if_claimed(
                sa.func.coalesce(delivery.c.first_claimed_at, sa.literal(request.now, Instant)),
                delivery.c.first_claimed_at,
            ),
            attempts=if_claimed(delivery.c.attempts + 1, delivery.c.attempts),
            local_day=sa.case((sa.and_(is_claimed, is_one_a_day), picked.c.local_day)),
        )
        .returning(
            delivery.c.id,
            delivery.c.subscriber_id,
            delivery.c.state,
            delivery.c.reason,
            delivery.c.first_claimed_at,
            delivery.c.attempts,
            delivery.c.expires_at,
        )
    )


def _pick(request: ClaimRequest) -> sa.Select[Any]:
    """The next rows of the batch, each with why it must not be sent, if anything speaks for it."""
    standing = _standing(request)
    people = standing.people.join(delivery, delivery.c.subscriber_id == subscriber.c.id)
    return (
        sa.select(
            delivery.c.id,
            zone_day.c.local_day,
            _reason(request, standing).label("reason"),
            sa.literal(
                DeliveryState.CANCELLED.value if _is_cancelled(request) else "skipped"
            ).label("other_state"),
        )
        .select_from(
            people.join(batch, batch.c.id == delivery.c.batch_id)
            .join(campaign, campaign.c.id == delivery.c.campaign_id)
            .join(zone_day, zone_day.c.zone == subscriber.c.timezone)
        )
        .where(
            delivery.c.batch_id == request.batch_id,
            batch.c.epoch == request.epoch,
            campaign.c.paused_at.is_(None),
            delivery.c.state == DeliveryState.PLANNED.value,
            delivery.c.next_try_at <= request.now,
            delivery.c.id > request.after_id,
        )
        .order_by(delivery.c.id)
        .limit(request.limit)
        .with_for_update(of=delivery, skip_locked=True)
    )


def _reason(request: ClaimRequest, standing: Standing) -> sa.ColumnElement[str | None]:
    if _is_cancelled(request):
        return sa.literal(SkipReason.CANCELLED.value)
    now = sa.literal(request.now, Instant)
    whens = [
        (subscriber.c.forgotten_at.is_not(None), SkipReason.SUPPRESSED),
        (sa.not_(standing.is_addressed), SkipReason.SUPPRESSED),
        (delivery.c.expires_at <= now, SkipReason.LATE),
    ]
    closes = closes_at(request.campaign, request.email)
    if closes is not None and request.now >= closes:
        whens.append((sa.true(), SkipReason.DEAL_CLOSED))
    if request.email.is_one_a_day:
        whens.append((_is_day_taken(), SkipReason.DAY_TAKEN))
    by_time = sa.case(*((condition, reason.value) for condition, reason in whens))
    return sa.func.coalesce(standing.reason, by_time)


def _is_day_taken() -> sa.ColumnElement[bool]:
    other = delivery.alias("other")
    return sa.exists().where(
        other.c.subscriber_id == delivery.c.subscriber_id,
        other.c.campaign_id == delivery.c.campaign_id,
        other.c.local_day == zone_day.c.local_day,
    )


def _standing(request: ClaimRequest) -> Standing:
    return Standing(
        campaign=request.campaign,
        email=request.email,
        campaign_id=request.record.id,
        now=request.now,
    )


def _is_cancelled(request: ClaimRequest) -> bool:
    return request.email.key in request.record.cancelled


def _note_first_claim(connection: Connection, request: ClaimRequest) -> None:
    is_first = connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == request.record.id, campaign.c.first_claim_at.is_(None))
        .values(first_claim_at=request.now)
    ).rowcount
    if is_first:
        _make_founders(connection, request)


def _make_founders(connection: Connection, request: ClaimRequest) -> None:
    """Everybody who is on the lists at the first claim joined before it, whatever a clock said.

    An import in the same second, on a machine whose clock is ahead, or before a ``--now`` in
    the past would make late joiners of them.
    """
    connection.execute(
        sa.update(membership)
        .where(
            membership.c.list.in_(sorted(request.campaign.lists)),
            membership.c.joined_at >= request.now,
        )
        .values(joined_at=request.now - MICROSECOND)
    )


def _count_reasons(rows: Sequence[sa.Row[Any]]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        if row.state != DeliveryState.CLAIMED.value:
            counts[row.reason] = counts.get(row.reason, 0) + 1
    return counts
