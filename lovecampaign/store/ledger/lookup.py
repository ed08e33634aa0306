"""Look up emails and deliveries by their ids, with the keys of campaign and email."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.tokens import RowKey
from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import DeliveryState, campaign, delivery, email, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailRow:
    """An email's row and its campaign."""

    email_id: int
    email_key: str
    #: Of the row; ``campaign_key`` is ``id`` in campaign.yaml.
    campaign_id: int
    campaign_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A delivery with its subscriber, email and campaign."""

    id: int
    state: DeliveryState
    first_claimed_at: datetime | None
    #: When it was last claimed: its content is what was frozen then.
    claimed_at: datetime | None
    #: Of the row; ``campaign_key`` is ``id`` in campaign.yaml.
    campaign_id: int
    campaign_key: str
    email_id: int
    email_key: str
    subscriber_id: int
    address_key: str
    #: As the subscriber wrote it.
    address: str
    first_name: str
    last_name: str
    #: IANA name; '' where unknown.
    timezone: str
    #: A language tag; None where unknown.
    language: str | None
    #: The subscriber was forgotten since: nothing may be shown.
    is_forgotten: bool
    nonce: int | None

    @property
    def key(self) -> RowKey:
        return RowKey(self.id, self.nonce)


def find_emails(connection: Connection, ids: Collection[int]) -> Mapping[int, EmailRow]:
    """The emails with these ids, by id."""
    if not ids:
        return {}
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            email.c.id.label("email_id"),
            email.c.key.label("email_key"),
            email.c.campaign_id,
            campaign.c.key.label("campaign_key"),
        )
        .join(campaign, campaign.c.id == email.c.campaign_id)
        .where(email.c.id.in_(ids))
    )
    return {row["email_id"]: EmailRow(**row) for row in rows.mappings()}


def find_delivery(connection: Connection, key: RowKey) -> DeliveryRecord | None:
    """The delivery of a token; None where another row has its number now."""
    has_nonce = delivery.c.nonce.is_not_distinct_from(key.nonce)
    return _find(connection, sa.and_(delivery.c.id == key.number, has_nonce))


def find_delivery_of(
    connection: Connection, email_id: int, subscriber_id: int
) -> DeliveryRecord | None:
    """The one delivery of an email to a subscriber."""
    is_theirs = delivery.c.subscriber_id == subscriber_id
    return _find(connection, sa.and_(delivery.c.email_id == email_id, is_theirs))


def list_sent_days(
    connection: Connection, campaign_id: int, subscriber_id: int
) -> Mapping[str, RowKey | None]:
    """The campaign's emails that any subscriber got, each with this subscriber's delivery of it.

    None where this one did not get it.
    """
    is_theirs = sa.and_(
        delivery.c.email_id == email.c.id,
        delivery.c.subscriber_id == subscriber_id,
        delivery.c.state == DeliveryState.SENT.value,
    )
    rows = connection.execute(
        sa.select(email.c.key, delivery.c.id, delivery.c.nonce)
        .outerjoin(delivery, is_theirs)
        .where(email.c.campaign_id == campaign_id, email.c.accepted > 0)
    )
    return {row.key: None if row.id is None else RowKey(row.id, row.nonce) for row in rows}


def _find(connection: Connection, condition: sa.ColumnElement[bool]) -> DeliveryRecord | None:
    rows = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.state,
            delivery.c.first_claimed_at,
            delivery.c.claimed_at,
            delivery.c.nonce,
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
            subscriber.c.locale.label("language"),
            subscriber.c.forgotten_at,
        )
        .join(email, email.c.id == delivery.c.email_id)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(condition)
    )
    row = rows.mappings().one_or_none()
    if row is None:
        return None
    values = dict(row)
    is_forgotten = values.pop("forgotten_at") is not None
    state = DeliveryState(values.pop("state"))
    return DeliveryRecord(**values, state=state, is_forgotten=is_forgotten)


def read_newest_claim(database: Database) -> datetime | None:
    """The time of the newest claim, by the clock of then; None: never."""
    with database.read() as connection:
        newest: datetime | None = connection.scalar(sa.select(sa.func.max(delivery.c.claimed_at)))
        return newest
