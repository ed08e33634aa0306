"""Takes back what was settled of recipients before it was clear that a rejection is about us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.message import FaultKind
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.counters import EmailCounts, add_to_email
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    campaign,
    delivery,
    event,
    setting,
    subscriber,
    suppression,
    transactional,
)

#: Reasons of rows that a server rejected for good.
_REJECTED = (
    FaultKind.RECIPIENT.value,
    FaultKind.MAILBOX.value,
    FaultKind.UNCLEAR.value,
    FaultKind.POLICY.value,
)
#: Names of settings, before the campaign's id.
STREAK = "rejections in a row of campaign "
_BOUNCES = (SuppressionReason.HARD_BOUNCE.value, SuppressionReason.SOFT_BOUNCES.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTimes:
    """When rejections that are about us are tried again."""

    now: datetime
    #: After the second try: others go first then.
    later: datetime

    def after(self, attempts: sa.Column[int]) -> sa.Case[datetime]:
        return sa.case(
            (attempts > 1, sa.literal(self.later, Instant)), else_=sa.literal(self.now, Instant)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A delivery that a server rejected: for good, or for its mailbox."""

    id: int
    detail: str
    attempts: int


def list_rejected(
    connection: Connection, campaign_id: int, owner_ids: Collection[int], since: datetime
) -> list[Rejected]:
    """What the senders of a pass had rejected since it began; one scan, where nothing was sent."""
    has_bounced = sa.exists().where(
        event.c.delivery_id == delivery.c.id,
        event.c.kind == EventKind.SOFT_BOUNCED.value,
        event.c.at >= since,
    )
    is_rejected = sa.or_(
        sa.and_(delivery.c.state == DeliveryState.FAILED.value, delivery.c.reason.in_(_REJECTED)),
        sa.and_(
            delivery.c.state == DeliveryState.PLANNED.value, delivery.c.attempts == 1, has_bounced
        ),
    )
    rows = connection.execute(
        sa.select(delivery.c.id, delivery.c.detail, delivery.c.attempts)
        .where(
            delivery.c.campaign_id == campaign_id,
            delivery.c.owner_id.in_(owner_ids),
            delivery.c.settled_at >= since,
            is_rejected,
        )
        .order_by(delivery.c.id)
    )
    return [Rejected(id=row.id, detail=row.detail or "", attempts=row.attempts) for row in rows]


def has_accepted(connection: Connection, campaign_id: int) -> bool:
    """Whether a message of the campaign was accepted since its rejections were last put back."""
    last = sa.select(campaign.c.put_back_at).where(campaign.c.id == campaign_id).scalar_subquery()
    is_accepted = sa.exists().where(
        delivery.c.campaign_id == campaign_id,
        delivery.c.state == DeliveryState.SENT.value,
        delivery.c.settled_at > sa.func.coalesce(last, 0),
    )
    return bool(connection.scalar(sa.select(is_accepted)))


def note_put_back(connection: Connection, campaign_id: int, now: datetime) -> None:
    """Rejections of the campaign were put back: what was accepted before proves no more."""
    connection.execute(
        sa.update(campaign).where(campaign.c.id == campaign_id).values(put_back_at=now)
    )


def read_streak(connection: Connection, campaign_id: int) -> str:
    """A campaign's rejections in a row, as the last process left them."""
    query = sa.select(setting.c.value).where(setting.c.name == f"{STREAK}{campaign_id}")
    return connection.scalar(query) or ""


def write_streak(connection: Connection, campaign_id: int, text: str) -> None:
    name = f"{STREAK}{campaign_id}"
    connection.execute(sa.delete(setting).where(setting.c.name == name))
    if text:  # another process may write its own at the same time: one of them is kept
        row = {"name": name, "value": text}
        connection.execute(insert_or_ignore(connection, setting).values(row))


def take_back_deliveries(
    connection: Connection, ids: Collection[int], since: datetime, again: RetryTimes, owner_id: int
) -> Counter[tuple[int, str]]:
    """Make settled deliveries due again, and undo what they suppressed.

    Returns how many of them had failed in this process, by email and reason.
    """
    if not ids:
        return Counter()
    rows = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.email_id,
            delivery.c.subscriber_id,
            delivery.c.owner_id,
            delivery.c.state,
            delivery.c.reason,
        ).where(
            is_one_of(delivery.c.id, ids),
            delivery.c.state.in_([DeliveryState.FAILED.value, DeliveryState.PLANNED.value]),
        )
    ).all()
    _plan_again(connection, delivery, [row.id for row in rows], again, reason=None)
    connection.execute(
        sa.delete(event).where(
            is_one_of(event.c.delivery_id, [row.id for row in rows]),
            event.c.kind == EventKind.SOFT_BOUNCED.value,
            event.c.at >= since,
        )
    )
    _undo_suppressions(connection, [row.subscriber_id for row in rows], since)
    for row in rows:
        if row.reason == FaultKind.RECIPIENT:
            add_to_email(connection, row.email_id, EmailCounts(hard_bounces=-1))
    return Counter(
        (row.email_id, row.reason)
        for row in rows
        if row.state == DeliveryState.FAILED and row.owner_id == owner_id
    )


def take_back_transactional(
    connection: Connection, ids: Collection[int], since: datetime, again: RetryTimes
) -> None:
    """As :func:`take_back_deliveries`, for transactional mail."""
    if not ids:
        return
    rows = connection.execute(
        sa.select(transactional.c.id, transactional.c.subscriber_id).where(
            is_one_of(transactional.c.id, ids),
            transactional.c.state.in_([DeliveryState.FAILED.value, DeliveryState.PLANNED.value]),
        )
    ).all()
    _plan_again(connection, transactional, [row.id for row in rows], again)
    _undo_suppressions(connection, [row.subscriber_id for row in rows], since)


def _plan_again(
    connection: Connection, table: sa.Table, ids: Sequence[int], again: RetryTimes, **values: None
) -> None:
    connection.execute(
        sa.update(table)
        .where(is_one_of(table.c.id, ids))
        .values(
            state=DeliveryState.PLANNED.value,
            next_try_at=again.after(table.c.attempts),
            settled_at=again.now,
            **values,
        )
    )


def _undo_suppressions(
    connection: Connection, subscriber_ids: Collection[int], since: datetime
) -> None:
    """Delete those that the rejections made: they never held."""
    keys = sa.select(subscriber.c.address_key).where(is_one_of(subscriber.c.id, subscriber_ids))
    connection.execute(
        sa.delete(suppression).where(
            suppression.c.address_key.in_(keys),
            suppression.c.reason.in_(_BOUNCES),
            suppression.c.source == "delivery",
            suppression.c.at >= since,
        )
    )
