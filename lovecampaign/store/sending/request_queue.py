"""How does mail that was asked for leave its queue? Claimed, settled and left behind as a ledger's.

A claim is committed durably before any byte goes out. What a dead sender left is settled by
whoever recovers its deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber, SuppressionReason
from lovecampaign.store.ledger.transactional_mail import (
    DELIVERY_ID,
    RESERVED_UNTIL,
    SEND_TO,
    VALID_FOR,
    TransactionalKind,
)
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.subscribers.suppressions import suppress_subscribers
from lovecampaign.store.tables import DeliveryState, Instant, campaign, subscriber, transactional

_is_planned = transactional.c.state == DeliveryState.PLANNED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMail:
    """A mail that its owner alone may send."""

    id: int
    kind: TransactionalKind
    subscriber: Subscriber
    #: Where it goes: the person's address, or the one that they want to change to.
    address: str
    #: The delivery whose links it carries; None: it has none but its own.
    delivery_id: int | None
    #: Until when a unit of the deal is kept for them; None: the mail is about none.
    kept_until: datetime | None
    #: This try included.
    attempts: int
    created_at: datetime
    claimed_at: datetime

    @property
    def subscriber_id(self) -> int:
        return self.subscriber.id

    @property
    def expires_at(self) -> datetime:
        """From here on its link would be of no use."""
        return self.created_at + VALID_FOR[self.kind]


def claim_asked(
    connection: Connection, campaign_key: str, owner_id: int, limit: int, now: datetime
) -> Sequence[ClaimedMail]:
    """Take up to ``limit`` due mails of a campaign, oldest first; commit before sending."""
    picked = (
        sa.select(transactional.c.id)
        .join(campaign, campaign.c.id == transactional.c.campaign_id)
        .where(campaign.c.key == campaign_key, _is_planned, transactional.c.next_try_at <= now)
        .order_by(transactional.c.id)
        .limit(limit)
        .with_for_update(of=transactional, skip_locked=True)
    )
    claimed = connection.scalars(
        sa.update(transactional)
        .where(transactional.c.id.in_(picked))
        .values(
            state=DeliveryState.CLAIMED.value,
            owner_id=owner_id,
            claimed_at=now,
            attempts=transactional.c.attempts + 1,
        )
        .returning(transactional.c.id)
    ).all()
    return _read(connection, transactional.c.id.in_(claimed)) if claimed else ()


def list_asked_claims(connection: Connection, owner_id: int) -> Sequence[ClaimedMail]:
    """What a sender claimed and never settled."""
    is_claimed = transactional.c.state == DeliveryState.CLAIMED.value
    return _read(connection, transactional.c.owner_id == owner_id, is_claimed)


def list_asked_in_doubt(connection: Connection, campaign_key: str) -> Sequence[ClaimedMail]:
    """Mails whose outcome nobody knows, oldest first. They are not sent again by themselves:
    whoever misses one asks again.
    """
    is_in_doubt = transactional.c.state == DeliveryState.IN_DOUBT.value
    return _read(connection, campaign.c.key == campaign_key, is_in_doubt)


def settle_asked(connection: Connection, settlements: Sequence[Settlement], now: datetime) -> None:
    """Write what became of claimed or doubtful mails; a row that others settled stays."""
    if not settlements:
        return
    is_open = sa.or_(
        transactional.c.state == DeliveryState.CLAIMED.value,
        transactional.c.state == DeliveryState.IN_DOUBT.value,
    )
    statement = (
        sa.update(transactional)
        .where(transactional.c.id == sa.bindparam("row_id"), is_open)
        .values(
            state=sa.bindparam("to_state"),
            detail=sa.bindparam("words"),
            next_try_at=sa.func.coalesce(
                sa.bindparam("next_try", type_=Instant), transactional.c.next_try_at
            ),
            attempts=transactional.c.attempts - sa.bindparam("untried", type_=sa.Integer),
            settled_at=sa.bindparam("at", type_=Instant),
            provider_message_id=sa.bindparam("message_id"),
        )
    )
    connection.execute(statement, [_parameters(each, now) for each in settlements])
    _suppress_bounced(connection, settlements, now)


def find_next_asked(connection: Connection, now: datetime) -> datetime | None:
    """When the next mail is due that waits for a further try; None: none waits."""
    found: datetime | None = connection.scalar(
        sa.select(sa.func.min(transactional.c.next_try_at)).where(
            _is_planned, transactional.c.next_try_at > now
        )
    )
    return found


def _parameters(settlement: Settlement, now: datetime) -> dict[str, object]:
    return {
        "row_id": settlement.delivery_id,
        "to_state": settlement.state.value,
        "words": settlement.detail,
        "next_try": settlement.next_try_at,
        "untried": 1 if settlement.is_untried else 0,
        "at": now,
        "message_id": settlement.provider_message_id,
    }


def _suppress_bounced(
    connection: Connection, settlements: Sequence[Settlement], now: datetime
) -> None:
    """An address that does not exist; but for new ones, which are nobody's yet."""
    ids = [each.delivery_id for each in settlements if each.is_hard_bounce]
    if not ids:
        return
    people = connection.scalars(
        sa.select(transactional.c.subscriber_id).where(
            transactional.c.id.in_(ids),
            transactional.c.kind != TransactionalKind.CHANGE_ADDRESS.value,
        )
    ).all()
    suppress_subscribers(connection, people, SuppressionReason.HARD_BOUNCE, "", now)


def _read(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[ClaimedMail]:
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            transactional,
            subscriber.c.email,
            subscriber.c.first_name,
            subscriber.c.last_name,
            subscriber.c.timezone,
            subscriber.c.locale,
        )
        .join(subscriber, subscriber.c.id == transactional.c.subscriber_id)
        .join(campaign, campaign.c.id == transactional.c.campaign_id)
        .where(*conditions)
        .order_by(transactional.c.id)
    )
    return [_as_mail(row) for row in rows]


def _as_mail(row: sa.Row[Any]) -> ClaimedMail:
    return ClaimedMail(
        id=row.id,
        kind=TransactionalKind(row.kind),
        subscriber=Subscriber(
            id=row.subscriber_id,
            email=row.email,
            first_name=row.first_name,
            last_name=row.last_name,
            timezone=row.timezone or None,
            locale=row.locale,
        ),
        address=row.payload.get(SEND_TO, row.email),
        delivery_id=row.payload.get(DELIVERY_ID),
        kept_until=_instant(row.payload.get(RESERVED_UNTIL)),
        attempts=row.attempts,
        created_at=row.created_at,
        claimed_at=row.claimed_at,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
