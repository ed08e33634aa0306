"""The queue of transactional mail: claimed, settled and recovered as deliveries are.

A claim is committed durably before any byte is sent. The process that recovers the deliveries of
a dead sender also settles its transactional mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import Subscriber, SuppressionReason
from lovecampaign.core.tokens import RowKey
from lovecampaign.store.dialogue.desk.waiting import note_sent_answers
from lovecampaign.store.dialogue.stories.stories import Story, find_story
from lovecampaign.store.ledger.transactional_mail import (
    DELIVERY_ID,
    RESERVED_UNTIL,
    SEND_TO,
    STORY_ID,
    VALID_FOR,
    WRITTEN,
    TransactionalKind,
)
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.subscribers.suppressions import suppress_subscribers
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    campaign,
    delivery,
    subscriber,
    transactional,
)

_is_planned = transactional.c.state == DeliveryState.PLANNED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMail:
    """A mail that only its owner may send."""

    id: int
    kind: TransactionalKind
    subscriber: Subscriber
    #: The subscriber's address, or the new one that they want to change to.
    address: str
    #: The delivery with the links that it contains; None: it has only its own.
    delivery_key: RowKey | None
    #: Until when a unit of a deal is reserved for them; None if the mail is about no unit.
    kept_until: datetime | None
    #: What a person of the team wrote, for the kinds of the reply desk.
    written: Mapping[str, str]
    #: The story that it is about; None for other mail, and for a story that is gone.
    story: Story | None
    #: This try included.
    attempts: int
    created_at: datetime
    claimed_at: datetime
    nonce: int | None

    @property
    def key(self) -> RowKey:
        return RowKey(self.id, self.nonce)

    @property
    def subscriber_id(self) -> int:
        return self.subscriber.id

    @property
    def expires_at(self) -> datetime:
        """When its link expires."""
        return self.created_at + VALID_FOR[self.kind]


def claim_transactional(
    connection: Connection, campaign_key: str, owner_id: int, limit: int, now: datetime
) -> Sequence[ClaimedMail]:
    """Claim up to ``limit`` due mails of a campaign, oldest first; commit before sending."""
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


def list_transactional_claims(connection: Connection, owner_id: int) -> Sequence[ClaimedMail]:
    """The mails that a sender claimed and never settled."""
    is_claimed = transactional.c.state == DeliveryState.CLAIMED.value
    return _read(connection, transactional.c.owner_id == owner_id, is_claimed)


def list_transactional_in_doubt(connection: Connection, campaign_key: str) -> Sequence[ClaimedMail]:
    """Mails in doubt, oldest first. They are not resent: a subscriber can request one again."""
    is_in_doubt = transactional.c.state == DeliveryState.IN_DOUBT.value
    return _read(connection, campaign.c.key == campaign_key, is_in_doubt)


def settle_transactional(
    connection: Connection, settlements: Sequence[Settlement], now: datetime
) -> None:
    """Write the outcomes of mails that are claimed or in doubt; settled rows stay."""
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
    note_sent_answers(connection, now)


def find_next_transactional(connection: Connection, now: datetime) -> datetime | None:
    """When the next retry of a mail is due; None if none waits."""
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
    """Suppress addresses that hard-bounced, except new ones that are not confirmed yet."""
    ids = [each.delivery_id for each in settlements if each.is_hard_bounce]
    if not ids:
        return
    subscriber_ids = connection.scalars(
        sa.select(transactional.c.subscriber_id).where(
            transactional.c.id.in_(ids),
            transactional.c.kind != TransactionalKind.CHANGE_ADDRESS.value,
        )
    ).all()
    suppress_subscribers(connection, subscriber_ids, SuppressionReason.HARD_BOUNCE, "", now)


def _read(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[ClaimedMail]:
    rows = connection.execute(
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
    ).all()
    keys = _read_delivery_keys(connection, rows)
    return [_as_mail(row, keys, _find_story(connection, row)) for row in rows]


def _read_delivery_keys(
    connection: Connection, rows: Iterable[sa.Row[Any]]
) -> Mapping[int, RowKey]:
    """The deliveries with the links that these mails repeat."""
    ids = {row.payload[DELIVERY_ID] for row in rows if DELIVERY_ID in row.payload}
    if not ids:
        return {}
    found = connection.execute(
        sa.select(delivery.c.id, delivery.c.nonce).where(delivery.c.id.in_(ids))
    )
    return {row.id: RowKey(row.id, row.nonce) for row in found}


def _find_story(connection: Connection, row: sa.Row[Any]) -> Story | None:
    return find_story(connection, row.payload[STORY_ID]) if STORY_ID in row.payload else None


def _as_mail(row: sa.Row[Any], keys: Mapping[int, RowKey], about: Story | None) -> ClaimedMail:
    return ClaimedMail(
        id=row.id,
        kind=TransactionalKind(row.kind),
        subscriber=Subscriber(
            id=row.subscriber_id,
            email=row.email,
            first_name=row.first_name,
            last_name=row.last_name,
            timezone=row.timezone or None,
            # A sign-up is in the language of its form.
            language=row.payload.get("locale") or row.locale,
        ),
        address=row.payload.get(SEND_TO, row.email),
        delivery_key=keys.get(row.payload.get(DELIVERY_ID, 0)),
        kept_until=_instant(row.payload.get(RESERVED_UNTIL)),
        written=row.payload.get(WRITTEN, {}),
        story=about,
        attempts=row.attempts,
        created_at=row.created_at,
        claimed_at=row.claimed_at,
        nonce=row.nonce,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
