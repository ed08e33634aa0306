"""Whose delivery is this? From the number in a link to the person, the email, the campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import campaign, delivery, email, subscriber
from lovecampaign.store.tables.ledger import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A row of the ledger and who and what it is about."""

    id: int
    state: DeliveryState
    first_claimed_at: datetime | None
    #: When it was last claimed: what it says is what was frozen then.
    claimed_at: datetime | None
    #: Of the row; ``campaign_key`` is ``id`` in campaign.yaml.
    campaign_id: int
    campaign_key: str
    email_id: int
    email_key: str
    subscriber_id: int
    address_key: str
    #: As the person wrote it.
    address: str
    first_name: str
    last_name: str
    #: IANA name; '' where nobody knows.
    timezone: str
    #: The person asked to be forgotten since: nothing may be shown.
    is_forgotten: bool


def find_delivery(connection: Connection, number: int) -> DeliveryRecord | None:
    """The delivery with that id."""
    return _find(connection, delivery.c.id == number)


def find_delivery_of(
    connection: Connection, email_id: int, subscriber_id: int
) -> DeliveryRecord | None:
    """The one delivery of an email to a person."""
    is_theirs = delivery.c.subscriber_id == subscriber_id
    return _find(connection, sa.and_(delivery.c.email_id == email_id, is_theirs))


def _find(connection: Connection, condition: sa.ColumnElement[bool]) -> DeliveryRecord | None:
    found = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.state,
            delivery.c.first_claimed_at,
            delivery.c.claimed_at,
            delivery.c.campaign_id,
            campaign.c.key.label("campaign_key"),
            delivery.c.email_id,
            email.c.key.label("email_key"),
            delivery.c.subscriber_id,
            subscriber.c.address_key,
            subscriber.c.email.label("address"),
            subscriber.c.first_name,
            subscriber.c.last_name,
            subscriber.c.timezone,
            subscriber.c.forgotten_at,
        )
        .join(email, email.c.id == delivery.c.email_id)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(condition)
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    facts = dict(row)
    is_forgotten = facts.pop("forgotten_at") is not None
    state = DeliveryState(facts.pop("state"))
    return DeliveryRecord(**facts, state=state, is_forgotten=is_forgotten)
