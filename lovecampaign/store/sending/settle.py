"""Write settlements to the ledger, in the transaction of the next claim.

The delivery package decides about retries and suppression: it turns outcomes into settlements.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.json_parameters import (
    json_pairs,
    json_pairs_parameter,
    json_parameter,
    json_values,
    pair_key,
    pair_text,
)
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.events import EventKind, find_over_soft_bounce_limit
from lovecampaign.store.ledger.settle_by_event import settle_in_doubt_by_events
from lovecampaign.store.subscribers.suppressions import suppress_subscribers
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    delivery,
    event,
)

_MAY_HAVE_ARRIVED = frozenset({DeliveryState.SENT, DeliveryState.IN_DOUBT})


class Settlement(NamedTuple):
    """The new state of one claimed delivery."""

    delivery_id: int
    subscriber_id: int
    state: DeliveryState
    reason: str | None = None
    detail: str | None = None
    #: For PLANNED: when it may be claimed again.
    next_try_at: datetime | None = None
    #: For PLANNED: whether the attempt does not count, since nothing was sent.
    is_untried: bool = False
    provider_message_id: str | None = None
    #: The address does not exist.
    is_hard_bounce: bool = False
    #: The mailbox was full or temporarily unavailable.
    is_soft_bounce: bool = False


#: An accepted delivery, with the provider's message id, if any. Nearly all outcomes are of this
#: kind, and creating a Settlement for each took as long as writing it.
Acceptance: TypeAlias = tuple[int, str | None]


def settle(
    connection: Connection,
    settlements: Sequence[Settlement],
    campaign_key: str,
    now: datetime,
    accepted: Sequence[Acceptance] = (),
) -> None:
    """Write the outcomes of rows that are claimed or in doubt; settled rows stay."""
    _settle_accepted(connection, accepted, now)
    if not settlements:
        return
    connection.execute(_UPDATE, [_parameters(each, now) for each in settlements])
    in_doubt = [one.delivery_id for one in settlements if one.state is DeliveryState.IN_DOUBT]
    if in_doubt:  # an event may have arrived before our timeout
        settle_in_doubt_by_events(connection, now, in_doubt)
    bounced = [each.subscriber_id for each in settlements if each.is_hard_bounce]
    suppress_subscribers(connection, bounced, SuppressionReason.HARD_BOUNCE, "", now)
    _suppress_soft_bounced(
        connection, [each for each in settlements if each.is_soft_bounce], campaign_key, now
    )


# Joined to '', so that rows are found by their id: the index of claimed rows looks tiny to
# PostgreSQL and holds an entry for each row that was ever claimed, until a vacuum.
_state = delivery.c.state.concat(sa.literal_column("''"))
_is_open = sa.or_(  # not IN: an executemany UPDATE takes no expanding parameter
    _state == DeliveryState.CLAIMED.value, _state == DeliveryState.IN_DOUBT.value
)

_AS_SENT = {
    "state": DeliveryState.SENT.value,
    "reason": None,
    "detail": None,
    "settled_at": sa.bindparam("at", type_=Instant),
}
_ACCEPT_ALL = (
    sa.update(delivery)
    .where(delivery.c.id.in_(json_values("ids")), _is_open)
    .values(**_AS_SENT, provider_message_id=sa.bindparam("message_id"))
)
_answer = json_pairs("answers", "answer")
_ACCEPT_EACH = (
    sa.update(delivery)
    .where(delivery.c.id == pair_key(_answer), _is_open)
    .values(**_AS_SENT, provider_message_id=pair_text(_answer))
)


def _settle_accepted(connection: Connection, accepted: Sequence[Acceptance], now: datetime) -> None:
    """One statement for all; cheaper where they share one message id, or have none."""
    if not accepted:
        return
    by_id = dict(accepted)
    message_ids = set(by_id.values())
    if len(message_ids) == 1:
        alike = {"ids": json_parameter(by_id), "message_id": message_ids.pop(), "at": now}
        connection.execute(_ACCEPT_ALL, alike)
    else:
        connection.execute(_ACCEPT_EACH, {"answers": json_pairs_parameter(by_id), "at": now})


_UPDATE = (
    sa.update(delivery)
    .where(delivery.c.id == sa.bindparam("row_id"), _is_open)
    .values(
        state=sa.bindparam("to_state"),
        reason=sa.bindparam("why"),
        detail=sa.bindparam("words"),
        next_try_at=sa.func.coalesce(
            sa.bindparam("next_try", type_=Instant), delivery.c.next_try_at
        ),
        attempts=delivery.c.attempts - sa.bindparam("untried", type_=sa.Integer),
        local_day=sa.case((sa.bindparam("keeps_day", type_=sa.Integer) == 1, delivery.c.local_day)),
        settled_at=sa.bindparam("at", type_=Instant),
        provider_message_id=sa.bindparam("message_id"),
    )
)


def _parameters(settlement: Settlement, now: datetime) -> dict[str, object]:
    return {
        "row_id": settlement.delivery_id,
        "to_state": settlement.state.value,
        "why": settlement.reason,
        "words": settlement.detail,
        "next_try": settlement.next_try_at,
        # The day is free again if nothing was sent.
        "keeps_day": int(settlement.state in _MAY_HAVE_ARRIVED),
        "untried": 1 if settlement.is_untried else 0,
        "at": now,
        "message_id": settlement.provider_message_id,
    }


def _suppress_soft_bounced(
    connection: Connection, bounces: Sequence[Settlement], campaign_key: str, now: datetime
) -> None:
    if not bounces:
        return
    events = [_soft_bounce_event(each, now) for each in bounces]
    # A second try at the same instant adds no event.
    connection.execute(insert_or_ignore(connection, event), events)
    resting = find_over_soft_bounce_limit(connection, [each.subscriber_id for each in bounces])
    suppress_subscribers(
        connection,
        resting.get(campaign_key, ()),
        SuppressionReason.SOFT_BOUNCES,
        campaign_key,
        now,
    )


def _soft_bounce_event(settlement: Settlement, now: datetime) -> dict[str, object]:
    return {
        "key": f"lc:{settlement.delivery_id}:{EventKind.SOFT_BOUNCED}:{now.isoformat()}",
        "kind": EventKind.SOFT_BOUNCED.value,
        "at": now,
        "recorded_at": now,
        "delivery_id": settlement.delivery_id,
        "subscriber_id": settlement.subscriber_id,
        "payload": {"detail": settlement.detail},
    }
