"""Failed deliveries and deliveries in doubt, for the dashboard and its actions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.sending.in_doubt import count_too_young, plan_again, settle_as_sent
from lovecampaign.store.tables import DeliveryState, delivery, email, subscriber

#: Ids per statement; SQLite takes 32,766 parameters.
_AT_ONCE = 10_000
#: The largest id of both databases.
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryProblem:
    """A delivery that failed or is in doubt."""

    id: int
    key: str
    #: The full address: to be masked where it is shown.
    address: str
    #: When it failed; if in doubt, when it was claimed.
    at: datetime
    reason: str | None
    #: The provider's words, or ours.
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendResult:
    """The result of sending deliveries again."""

    number: int
    #: In doubt for less than ten minutes: if there are any, none is sent again.
    too_young: int


def list_failed(connection: Connection, campaign_id: int, limit: int) -> Sequence[DeliveryProblem]:
    """Failed deliveries, newest first."""
    is_failed = _is_in(campaign_id, DeliveryState.FAILED)
    newest_first = (delivery.c.settled_at.desc(), delivery.c.id.desc())
    return _list(connection, is_failed, delivery.c.settled_at, newest_first, limit)


def list_in_doubt_problems(
    connection: Connection, campaign_id: int, limit: int
) -> Sequence[DeliveryProblem]:
    """Deliveries in doubt, oldest first."""
    is_in_doubt = _is_in(campaign_id, DeliveryState.IN_DOUBT)
    oldest_first = (delivery.c.claimed_at, delivery.c.id)
    return _list(connection, is_in_doubt, delivery.c.claimed_at, oldest_first, limit)


def find_ids_in_doubt(
    connection: Connection, campaign_id: int, ids: Collection[int] | None = None
) -> Sequence[int]:
    """The campaign's deliveries in doubt, of these ids or all."""
    wanted = [_is_in(campaign_id, DeliveryState.IN_DOUBT)]
    if ids is not None:
        wanted.append(delivery.c.id.in_([each for each in ids if 0 < each <= _LARGEST]))
    return connection.scalars(sa.select(delivery.c.id).where(*wanted)).all()


def count_in_doubt(connection: Connection, campaign_id: int) -> int:
    """How many are in doubt; the ledger has a partial index for it."""
    is_in_doubt = _is_in(campaign_id, DeliveryState.IN_DOUBT)
    return connection.scalar(sa.select(sa.func.count(delivery.c.id)).where(is_in_doubt)) or 0


def settle_ids_as_sent(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Settle these as sent; returns how many were still in doubt."""
    return sum(settle_as_sent(connection, part, now) for part in _parts(ids))


def resend_ids(connection: Connection, ids: Sequence[int], now: datetime) -> ResendResult:
    """Send these again, unless one of them is too young: then none."""
    too_young = sum(count_too_young(connection, part, now) for part in _parts(ids))
    if too_young:
        return ResendResult(number=0, too_young=too_young)
    number = sum(plan_again(connection, part, now) for part in _parts(ids))
    return ResendResult(number=number, too_young=0)


def _is_in(campaign_id: int, state: DeliveryState) -> sa.ColumnElement[bool]:
    """By the campaign's emails, since the indexes of states begin with the email."""
    emails = sa.select(email.c.id).where(email.c.campaign_id == campaign_id)
    # A literal: with a parameter SQLite does not use the partial index of this state.
    is_in_state = delivery.c.state == sa.literal(state.value, literal_execute=True)
    return sa.and_(is_in_state, delivery.c.email_id.in_(emails))


def _list(
    connection: Connection,
    condition: sa.ColumnElement[bool],
    at: sa.ColumnElement[Any],
    order: Sequence[sa.ColumnElement[Any]],
    limit: int,
) -> Sequence[DeliveryProblem]:
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            delivery.c.id,
            email.c.key,
            subscriber.c.email.label("address"),
            at.label("at"),
            delivery.c.reason,
            delivery.c.detail,
        )
        .join(email, email.c.id == delivery.c.email_id)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(condition)
        .order_by(*order)
        .limit(limit)
    )
    return [DeliveryProblem(**row) for row in rows.mappings()]


def _parts(ids: Sequence[int]) -> Sequence[Sequence[int]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
