"""Queries for the open claims of a sender and for deliveries in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import DeliveryState, campaign, delivery, email, subscriber


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


def _list(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[OpenDelivery]:
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.subscriber_id,
            delivery.c.email_id,
            delivery.c.attempts,
            delivery.c.expires_at,
            delivery.c.claimed_at,
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
