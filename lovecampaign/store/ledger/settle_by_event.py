"""Which doubts do events settle? What a provider reports of a message, it has taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.is_one_of import is_one_of
from lovecampaign.store.database.types import MICROSECOND
from lovecampaign.store.ledger.counters import EmailCounts, add_to_email
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.tables import DeliveryState, delivery, event, transactional

#: Why a delivery failed that the provider took and did not send.
DROPPED = "dropped"
_WORDS = {
    DeliveryState.SENT: "settled by the provider's events",
    DeliveryState.FAILED: "the provider took it and did not send it",
}
#: The provider's clock is another, and tells whole seconds.
_CLOCKS_DIFFER_BY = timedelta(minutes=2)
#: After these it was on its way to the reader, whatever else is said.
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
_TAKEN = (EventKind.PROCESSED, EventKind.DEFERRED, EventKind.DROPPED, *_WENT_OUT)


def settle_doubts_by_events(database: Database, now: datetime) -> None:
    """Settle what events have proved since: a report and our own doubt may have been written
    down at the same moment.
    """
    with database.read() as connection:
        if not _has_proven_doubts(connection):
            return
    with database.write() as connection:
        settle_in_doubt_by_events(connection, now)


def settle_in_doubt_by_events(
    connection: Connection, now: datetime, ids: Collection[int] | None = None
) -> int:
    """Settle what is in doubt and of which something was reported; returns how many.

    Of all deliveries in doubt where no ``ids`` are given.
    """
    is_wanted = [is_one_of(connection, delivery.c.id, ids)] if ids is not None else []
    is_in_doubt = delivery.c.state == DeliveryState.IN_DOUBT.value
    settled = connection.execute(
        sa.update(delivery)
        .where(is_in_doubt, *is_wanted, _was_reported(_TAKEN))
        .values(state=DeliveryState.SENT.value, detail=_WORDS[DeliveryState.SENT], settled_at=now)
        .returning(delivery.c.id, delivery.c.email_id)
    ).all()
    _count_accepted(connection, [row.email_id for row in settled])
    fail_dropped(connection, [row.id for row in settled], now)
    return len(settled)


def fail_dropped(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Of these, what was accepted, then dropped, and never went out has failed."""
    was_dropped = sa.and_(_was_reported((EventKind.DROPPED,)), sa.not_(_was_reported(_WENT_OUT)))
    _move(connection, ids, DeliveryState.SENT, DeliveryState.FAILED, was_dropped, now)


def undo_dropped(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Of these, what went out has not failed, whatever was reported before."""
    went_out = sa.and_(delivery.c.reason == DROPPED, _was_reported(_WENT_OUT))
    _move(connection, ids, DeliveryState.FAILED, DeliveryState.SENT, went_out, now)


def settle_transactional_by_events(
    connection: Connection, taken: Collection[int], dropped: Collection[int], now: datetime
) -> None:
    """The same for mail that was asked for; ``dropped`` are is_one_of ``taken``."""
    is_in_doubt = transactional.c.state == DeliveryState.IN_DOUBT.value
    is_sent = transactional.c.state == DeliveryState.SENT.value
    for ids, condition, state in (
        (taken, is_in_doubt, DeliveryState.SENT),
        (dropped, is_sent, DeliveryState.FAILED),
    ):
        if ids:
            connection.execute(
                sa.update(transactional)
                .where(is_one_of(connection, transactional.c.id, ids), condition)
                .values(state=state.value, detail=_WORDS[state], settled_at=now)
            )


def _has_proven_doubts(connection: Connection) -> bool:
    is_in_doubt = delivery.c.state == DeliveryState.IN_DOUBT.value
    statement = sa.select(sa.exists().where(is_in_doubt, _was_reported(_TAKEN)))
    return bool(connection.scalar(statement))


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
        .where(is_one_of(connection, delivery.c.id, ids), delivery.c.state == old.value, condition)
        .values(
            state=new.value,
            reason=DROPPED if new is DeliveryState.FAILED else None,
            detail=_WORDS[new],
            # The day is free again where nothing went out.
            local_day=None if new is DeliveryState.FAILED else delivery.c.local_day,
            settled_at=now,
        )
    )


def _was_reported(kinds: Collection[EventKind]) -> sa.ColumnElement[bool]:
    """Of this try: what an operator sends again was reported on before."""
    tolerance = _CLOCKS_DIFFER_BY // MICROSECOND
    at, claimed_at = (
        sa.type_coerce(column, sa.BigInteger) for column in (event.c.at, delivery.c.claimed_at)
    )
    return sa.exists().where(
        event.c.delivery_id == delivery.c.id,
        event.c.kind.in_([kind.value for kind in kinds]),
        at + tolerance >= claimed_at,
    )


def _count_accepted(connection: Connection, email_ids: Collection[int]) -> None:
    for email_id, accepted in sorted(Counter(email_ids).items()):
        add_to_email(connection, email_id, EmailCounts(accepted=accepted))
