"""Open claims and deliveries in doubt, and the operator's actions: settle, resend, retry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.tokens import RowKey
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.eligibility.deal_reasons import deal_reasons
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.planning.batches import BATCH_SIZE
from lovecampaign.store.tables import (
    DeliveryState,
    batch,
    campaign,
    delivery,
    email,
    subscriber,
    suppression,
)

#: An event of the provider may still settle a younger one.
YOUNGEST_TO_RESEND = timedelta(minutes=10)


#: Not on the campaign's list any more, or forgotten.
_NOT_ADDRESSED = sa.literal("not_on_list")


_suppressed_for = (
    sa.select(sa.func.min(suppression.c.reason))
    .where(suppression.c.address_key == subscriber.c.address_key, suppression.c.lifted_at.is_(None))
    .correlate(subscriber)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A subscriber who cannot get the email any more."""

    email: str
    #: A skip reason; for suppressed addresses the reason of the suppression.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """The result of making deliveries due."""

    number: int
    stay_out: Sequence[LeftOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDelivery:
    """A delivery that was claimed and not settled, or that is in doubt."""

    id: int
    subscriber_id: int
    address: str
    campaign_key: str
    email_id: int
    email_key: str
    attempts: int
    expires_at: datetime | None
    claimed_at: datetime
    nonce: int | None

    @property
    def key(self) -> RowKey:
        return RowKey(self.id, self.nonce)


def list_claims(connection: Connection, owner_id: int) -> Sequence[OpenDelivery]:
    """The deliveries that a sender claimed and never settled."""
    return _list(
        connection,
        delivery.c.owner_id == owner_id,
        delivery.c.state == DeliveryState.CLAIMED.value,
    )


def list_in_doubt(connection: Connection, campaign_key: str | None) -> Sequence[OpenDelivery]:
    """Deliveries in doubt, oldest first; of all campaigns if none is given."""
    conditions = [delivery.c.state == DeliveryState.IN_DOUBT.value]
    if campaign_key is not None:
        conditions.append(campaign.c.key == campaign_key)
    return _list(connection, *conditions)


def settle_as_sent(connection: Connection, ids: Collection[int], now: datetime) -> int:
    """Settle these as sent; returns how many were in doubt."""
    return connection.execute(
        sa.update(delivery)
        .where(*_in_doubt(ids))
        .values(
            state=DeliveryState.SENT.value, detail="settled as sent by the operator", settled_at=now
        )
    ).rowcount


def count_too_young(connection: Connection, ids: Collection[int], now: datetime) -> int:
    """How many of these are in doubt, for less than ten minutes."""
    statement = (
        sa.select(sa.func.count())
        .select_from(delivery)
        .where(*_in_doubt(ids), delivery.c.claimed_at > now - YOUNGEST_TO_RESEND)
    )
    return connection.scalar(statement) or 0


def plan_again(connection: Connection, ids: Collection[int], now: datetime) -> int:
    """Plan these again; the operator accepts that they may arrive twice."""
    return connection.execute(
        sa.update(delivery)
        .where(*_in_doubt(ids), delivery.c.claimed_at <= now - YOUNGEST_TO_RESEND)
        .values(
            **_due_anew(now),
            detail="sent again by the operator",
            local_day=None,
        )
    ).rowcount


def make_due(
    connection: Connection,
    eligibility: Eligibility,
    email_id: int,
    state: DeliveryState,
    reason: str | None,
) -> Retried:
    """Make rows of one email in this state due now, without an expiry.

    Rows of subscribers who cannot get the email any more stay as they are.
    """
    chosen = [delivery.c.email_id == email_id, delivery.c.state == state.value]
    if reason is not None:
        chosen.append(delivery.c.reason == reason)
    people = eligibility.subscribers.join(delivery, delivery.c.subscriber_id == subscriber.c.id)
    deal = deal_reasons(eligibility, eligibility.instant)
    why = sa.case(
        (sa.not_(eligibility.is_addressed), _NOT_ADDRESSED),
        (eligibility.reason.is_not(None), eligibility.reason),
        *((condition, sa.literal(reason.value)) for condition, reason in deal),
    )
    left_out = connection.execute(
        sa.select(subscriber.c.email, why.label("why"), _suppressed_for.label("suppressed_for"))
        .select_from(people)
        .where(*chosen, why.is_not(None))
        .order_by(delivery.c.id)
    )
    stay_out = [
        LeftOut(
            email=row.email,
            reason=row.suppressed_for or row.why
            if row.why == SkipReason.SUPPRESSED.value
            else row.why,
        )
        for row in left_out
    ]
    due = sa.select(delivery.c.id).select_from(people).where(*chosen, why.is_(None))
    now = eligibility.now
    if now is None:
        raise ValueError("rows are made due at a fixed instant")
    total = 0
    while ids := list(connection.scalars(due.order_by(delivery.c.id).limit(BATCH_SIZE))):
        total += _into_new_batch(connection, email_id, ids, now)
    return Retried(number=total, stay_out=stay_out)


def _into_new_batch(
    connection: Connection, email_id: int, ids: Collection[int], now: datetime
) -> int:
    batch_id = connection.execute(
        sa.insert(batch)
        .values(email_id=email_id, due=now, epoch=0, created_at=now)
        .returning(batch.c.id)
    ).scalar_one()
    return connection.execute(
        sa.update(delivery)
        .where(delivery.c.id.in_(ids))
        .values(
            **_due_anew(now),
            batch_id=batch_id,
            detail=None,
            due=now,
        )
    ).rowcount


def _due_anew(now: datetime) -> Mapping[str, object]:
    """The values of a row that an operator made due: it is never late."""
    return {
        "state": DeliveryState.PLANNED.value,
        "reason": None,
        "next_try_at": now,
        "expires_at": None,
        "attempts": 0,
        "settled_at": None,
    }


def _in_doubt(ids: Collection[int]) -> list[sa.ColumnElement[bool]]:
    return [delivery.c.id.in_(ids), delivery.c.state == DeliveryState.IN_DOUBT.value]


def _list(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[OpenDelivery]:
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.subscriber_id,
            delivery.c.email_id,
            delivery.c.attempts,
            delivery.c.expires_at,
            delivery.c.claimed_at,
            delivery.c.nonce,
            subscriber.c.email.label("address"),
            campaign.c.key.label("campaign_key"),
            email.c.key.label("email_key"),
        )
        .select_from(delivery)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .join(email, email.c.id == delivery.c.email_id)
        .where(*conditions)
        .order_by(delivery.c.claimed_at, delivery.c.id)
    )
    return [OpenDelivery(**row) for row in rows.mappings()]
