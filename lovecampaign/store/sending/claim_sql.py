"""How does SQL take the next deliveries of a batch, and leave those that must not go?

Everything that could have changed since planning is asked in the statement that picks and locks
the rows: suppression, consent, tags, pause, cancel, lateness, quiet hours, the one email a day.
It reads what a letter needs of their people too, who stand beside them anyway; then the rows are
written by their ids. With one UPDATE … FROM … RETURNING, and the people read after it, claiming
and settling took 30 µs a row on SQLite; so it takes 21. All rows come as one value
(:func:`~lovecampaign.store.many_rows.as_json_rows`), so that another thread renders meanwhile.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.json_parameters import as_json_rows, json_values
from lovecampaign.store.database.types import BigKey
from lovecampaign.store.eligibility.disposition import Fate
from lovecampaign.store.sending.claimed import person_columns
from lovecampaign.store.tables import (
    PLANNED,
    DeliveryState,
    Instant,
    batch,
    campaign,
    delivery,
    email,
)
from lovecampaign.store.tables.slots import zone_clock

_my_batch = sa.bindparam("my_batch", type_=sa.BigInteger)
#: Asked once, not for each row: what was handed out anew, or is paused, costs nothing.
_is_open = sa.exists().where(
    batch.c.id == _my_batch,
    batch.c.epoch == sa.bindparam("my_epoch", type_=sa.Integer),
    email.c.id == batch.c.email_id,
    campaign.c.id == email.c.campaign_id,
    campaign.c.paused_at.is_(None),
)
_is_called_off = sa.exists().where(
    batch.c.id == _my_batch,
    email.c.id == batch.c.email_id,
    email.c.cancelled_at.is_not(None),
)
_NOW = sa.bindparam("now", type_=Instant)
#: Put the rows ``ids`` on the way; takes ``me``, ``now`` and the ``day`` that they take, if any.
TAKE = (
    sa.update(delivery)
    .where(delivery.c.id.in_(json_values("ids")))
    .values(
        state=DeliveryState.CLAIMED.value,
        reason=None,
        owner_id=sa.bindparam("me", type_=BigKey),
        claimed_at=_NOW,
        settled_at=None,
        first_claimed_at=sa.func.coalesce(delivery.c.first_claimed_at, _NOW),
        attempts=delivery.c.attempts + 1,
        local_day=sa.bindparam("day", type_=sa.Text),
    )
)
#: Close the rows ``ids``: they do not go out, for the reason ``why``.
LEAVE = (
    sa.update(delivery)
    .where(delivery.c.id.in_(json_values("ids")))
    .values(
        state=sa.bindparam("to_state"),
        reason=sa.bindparam("why"),
        owner_id=None,
        settled_at=_NOW,
        local_day=None,
    )
)


def pick(fate: Fate) -> sa.Select[Any]:
    """The next rows of a batch, each with why it must not be sent, if anything speaks for it.

    Parameters: ``my_batch``, ``my_epoch``, ``after``, ``size``, ``now``. Gives one value: each
    :data:`~lovecampaign.store.sending.claimed.PickedRow`, in the order of ids.
    """
    return as_json_rows(_rows(fate))


def _rows(fate: Fate) -> sa.Select[Any]:
    conditions: list[sa.ColumnElement[bool]] = [
        _is_open,
        delivery.c.batch_id == _my_batch,
        delivery.c.state == PLANNED,
        delivery.c.next_try_at <= fate.standing.instant,
        delivery.c.id > sa.bindparam("after", type_=sa.BigInteger),
    ]
    if fate.keeps_quiet_hours:
        conditions.append(zone_clock.c.quiet_until.is_(None))
    return (
        sa.select(
            delivery.c.id,
            _reason(fate),
            zone_clock.c.local_day,
            delivery.c.first_claimed_at,
            delivery.c.attempts,
            delivery.c.expires_at,
            *person_columns(fate.standing),
        )
        .select_from(fate.planned_rows)
        .where(*conditions)
        .order_by(delivery.c.id)
        .limit(sa.bindparam("size", type_=sa.Integer))
        .with_for_update(of=delivery, skip_locked=True)
    )


def _reason(fate: Fate) -> sa.ColumnElement[str | None]:
    return sa.case((_is_called_off, SkipReason.CANCELLED.value), else_=fate.reason_to_leave)
