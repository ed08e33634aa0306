"""Settle deliveries in doubt by provider events: a message with an event was accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.database.types import MICROSECOND
from lovecampaign.store.ledger.counters import EmailCounts, add_to_email
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.tables import DeliveryState, delivery, event, transactional

#: The reason of a delivery that the provider accepted and did not send.
DROPPED = "dropped"
_DETAILS = {
    DeliveryState.SENT: "settled by the provider's events",
    DeliveryState.FAILED: "the provider took it and did not send it",
}
#: The provider's clock differs from ours, and has whole seconds.
_CLOCKS_DIFFER_BY = timedelta(minutes=2)
#: These prove that the message went out, whatever other events say.
_WENT_OUT = (
    EventKind.DELIVERED,
    EventKind.BOUNCED,
    EventKind.SOFT_BOUNCED,
    EventKind.BLOCKED,
    EventKind.COMPLAINED,
    EventKind.UNSUBSCRIBED,
    EventKind.OPENED,
    EventKind.CLICKED,
)
_ACCEPTED = (EventKind.PROCESSED, EventKind.DEFERRED, EventKind.DROPPED, *_WENT_OUT)
_is_in_doubt = delivery.c.state == DeliveryState.IN_DOUBT.value


def settle_all_in_doubt_by_events(database: Database, now: datetime) -> None:
    """Settle doubts that arose at the same moment as the event about them."""
    with database.read() as connection:
        has_event = sa.exists().where(_is_in_doubt, _has_event(_ACCEPTED))
        if not connection.scalar(sa.select(has_event)):
            return
    with database.write() as connection:
        settle_in_doubt_by_events(connection, now)


def settle_in_doubt_by_events(
    connection: Connection, now: datetime, ids: Collection[int] | None = None
) -> int:
    """Settle deliveries in doubt that have an event; returns how many.

    All deliveries in doubt where no ``ids`` are given.
    """
    is_wanted = [is_one_of(delivery.c.id, ids)] if ids is not None else []
    settled = connection.execute(
        sa.update(delivery)
        .where(_is_in_doubt, *is_wanted, _has_event(_ACCEPTED))
        .values(state=DeliveryState.SENT.value, detail=_DETAILS[DeliveryState.SENT], settled_at=now)
        .returning(delivery.c.id, delivery.c.email_id)
    ).all()
    for email_id, accepted in sorted(Counter(row.email_id for row in settled).items()):
        add_to_email(connection, email_id, EmailCounts(accepted=accepted))
    fail_dropped(connection, [row.id for row in settled], now)
    return len(settled)


def fail_dropped(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Of these deliveries, fail those that were accepted, then dropped, and never went out."""
    was_dropped = sa.and_(_has_event((EventKind.DROPPED,)), sa.not_(_has_event(_WENT_OUT)))
    _move(connection, ids, DeliveryState.SENT, DeliveryState.FAILED, was_dropped, now)


def undo_dropped(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Of these deliveries, mark as sent again those that went out after all."""
    went_out = sa.and_(delivery.c.reason == DROPPED, _has_event(_WENT_OUT))
    _move(connection, ids, DeliveryState.FAILED, DeliveryState.SENT, went_out, now)


def settle_transactional_by_events(
    connection: Connection, taken: Collection[int], dropped: Collection[int], now: datetime
) -> None:
    """The same for transactional mail; ``dropped`` is a part of ``taken``."""
    is_in_doubt = transactional.c.state == DeliveryState.IN_DOUBT.value
    is_sent = transactional.c.state == DeliveryState.SENT.value
    for ids, condition, state in (
        (taken, is_in_doubt, DeliveryState.SENT),
        (dropped, is_sent, DeliveryState.FAILED),
    ):
        if ids:
            connection.execute(
                sa.update(transactional)
                .where(is_one_of(transactional.c.id, ids), condition)
                .values(state=state.value, detail=_DETAILS[state], settled_at=now)
            )


def _move(
    connection: Connection,
    ids: Collection[int],
    old: DeliveryState,
    new: DeliveryState,
    condition: sa.ColumnElement[bool],
    now: datetime,
) -> None:
    if not ids:
        return
    connection.execute(
        sa.update(delivery)
        .where(is_one_of(delivery.c.id, ids), delivery.c.state == old.value, condition)
        .values(
            state=new.value,
            reason=DROPPED if new is DeliveryState.FAILED else None,
            detail=_DETAILS[new],
            # One a day: the day is free again where nothing went out.
            local_day=None if new is DeliveryState.FAILED else delivery.c.local_day,
            settled_at=now,
        )
    )


def _has_event(kinds: Collection[EventKind]) -> sa.ColumnElement[bool]:
    """An event of this try: one that an operator sends again has events of earlier tries."""
    tolerance = _CLOCKS_DIFFER_BY // MICROSECOND
    at, claimed_at = (
        sa.type_coerce(column, sa.BigInteger) for column in (event.c.at, delivery.c.claimed_at)
    )
    return sa.exists().where(
        event.c.delivery_id == delivery.c.id,
        event.c.kind.in_([kind.value for kind in kinds]),
        at + tolerance >= claimed_at,
    )
