"""What does an answer change in the ledger?

Decides nothing about retries or suppression by itself: the delivery room turns outcomes into
settlements, and here they become rows, in the transaction of the next claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    delivery,
    event,
    subscriber,
    suppression,
)

#: Soft bounces on this many different days rest an address until the next campaign.
SOFT_BOUNCE_DAYS = 3
SOFT_BOUNCED = "soft_bounced"
_MAY_HAVE_ARRIVED = frozenset({DeliveryState.SENT, DeliveryState.IN_DOUBT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How one claimed delivery goes on."""

    delivery_id: int
    subscriber_id: int
    state: DeliveryState
    reason: str | None = None
    detail: str | None = None
    #: For PLANNED: when it may be claimed again.
    next_try_at: datetime | None = None
    #: For PLANNED: whether the try does not count, since nothing was tried.
    is_untried: bool = False
    provider_message_id: str | None = None
    #: The address is bad for good.
    is_hard_bounce: bool = False
    #: The mailbox was full or resting.
    is_soft_bounce: bool = False


def settle(
    connection: Connection, settlements: Sequence[Settlement], campaign_key: str, now: datetime
) -> None:
    """Write settlements of claimed or doubtful rows; a row that others settled stays."""
    if not settlements:
        return
    _update_deliveries(connection, settlements, now)
    bounced = [each.subscriber_id for each in settlements if each.is_hard_bounce]
    suppress_people(connection, bounced, SuppressionReason.HARD_BOUNCE, "", now)
    _rest_soft_bounced(
        connection, [each for each in settlements if each.is_soft_bounce], campaign_key, now
    )


def _update_deliveries(
    connection: Connection, settlements: Iterable[Settlement], now: datetime
) -> None:
    is_open = sa.or_(
        delivery.c.state == DeliveryState.CLAIMED.value,
        delivery.c.state == DeliveryState.IN_DOUBT.value,
    )
    statement = (
        sa.update(delivery)
        .where(delivery.c.id == sa.bindparam("row_id"), is_open)
        .values(
            state=sa.bindparam("to_state"),
            reason=sa.bindparam("why"),
            detail=sa.bindparam("words"),
            next_try_at=sa.func.coalesce(
                sa.bindparam("next_try", type_=Instant), delivery.c.next_try_at
            ),
            attempts=delivery.c.attempts - sa.bindparam("untried", type_=sa.Integer),
            local_day=sa.case(
                (sa.bindparam("keeps_day", type_=sa.Integer) == 1, delivery.c.local_day)
            ),
            settled_at=sa.bindparam("at", type_=Instant),
            provider_message_id=sa.bindparam("message_id"),
        )
    )
    connection.execute(statement, [_parameters(each, now) for each in settlements])


def _parameters(settlement: Settlement, now: datetime) -> dict[str, object]:
    return {
        "row_id": settlement.delivery_id,
        "to_state": settlement.state.value,
        "why": settlement.reason,
        "words": settlement.detail,
        "next_try": settlement.next_try_at,
        # The day is free again where nothing went out.
        "keeps_day": int(settlement.state in _MAY_HAVE_ARRIVED),
        "untried": 1 if settlement.is_untried else 0,
        "at": now,
        "message_id": settlement.provider_message_id,
    }


def _rest_soft_bounced(
    connection: Connection, bounces: Sequence[Settlement], campaign_key: str, now: datetime
) -> None:
    if not bounces:
        return
    ids = [each.subscriber_id for each in bounces]
    known = connection.execute(
        sa.select(event.c.subscriber_id, event.c.at).where(
            event.c.kind == SOFT_BOUNCED, event.c.subscriber_id.in_(ids)
        )
    )
    days = {id_: {now.date()} for id_ in ids}
    for row in known:
        days[row.subscriber_id].add(row.at.date())
    connection.execute(sa.insert(event), [_soft_bounce_event(each, now) for each in bounces])
    resting = [id_ for id_, found in days.items() if len(found) >= SOFT_BOUNCE_DAYS]
    suppress_people(connection, resting, SuppressionReason.SOFT_BOUNCES, campaign_key, now)


def _soft_bounce_event(settlement: Settlement, now: datetime) -> dict[str, object]:
    return {
        "key": f"lc:{settlement.delivery_id}:{SOFT_BOUNCED}:{now.isoformat()}",
        "kind": SOFT_BOUNCED,
        "at": now,
        "recorded_at": now,
        "delivery_id": settlement.delivery_id,
        "subscriber_id": settlement.subscriber_id,
        "payload": {"detail": settlement.detail},
    }


def suppress_people(
    connection: Connection,
    subscriber_ids: Sequence[int],
    reason: SuppressionReason,
    only_campaign: str,
    now: datetime,
) -> None:
    """Suppress these people on every list, where that is not said already."""
    if not subscriber_ids:
        return
    is_known = sa.exists().where(
        suppression.c.address_key == subscriber.c.address_key,
        suppression.c.list == "",
        suppression.c.only_campaign == only_campaign,
        suppression.c.reason == reason.value,
        suppression.c.lifted_at.is_(None),
    )
    people = sa.select(
        subscriber.c.address_key,
        sa.literal(""),
        sa.literal(only_campaign),
        sa.literal(reason.value),
        sa.literal("delivery"),
        sa.literal(now, Instant),
    ).where(subscriber.c.id.in_(subscriber_ids), sa.not_(is_known))
    columns = ("address_key", "list", "only_campaign", "reason", "source", "at")
    connection.execute(sa.insert(suppression).from_select(columns, people))
