"""Exceptions to rules of the house: record one within the budget, and rank the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import campaign, desk_case, desk_exception


@dataclass(frozen=True, slots=True, kw_only=True)
class NewException:
    """An exception to record."""

    case_id: int
    campaign_id: int
    rule: str
    because: str
    cost: Decimal
    currency: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedException:
    """An exception with the person it was made for."""

    rule: str
    subscriber_id: int
    cost: Decimal
    currency: str
    by: str


def record_exception(
    connection: Connection, new: NewException, budget: Decimal | None, now: datetime
) -> Decimal | None:
    """Record it; returns what was spent before where the cost would pass the budget.

    The campaign's row is locked, so that two at once cannot spend the same money. ``budget`` None
    is no limit: the exception costs nothing.
    """
    lock = sa.select(campaign.c.id).where(campaign.c.id == new.campaign_id).with_for_update()
    connection.execute(lock)
    if budget is not None:
        spent = sum_spent(connection, new.campaign_id, new.currency)
        if spent + new.cost > budget:
            return spent
    connection.execute(
        sa.insert(desk_exception).values(
            case_id=new.case_id,
            campaign_id=new.campaign_id,
            rule=new.rule,
            because=new.because,
            cost=str(new.cost),
            currency=new.currency,
            by=new.by,
            at=now,
        )
    )
    return None


def sum_spent(connection: Connection, campaign_id: int, currency: str) -> Decimal:
    """What the exceptions of a campaign cost so far, exactly."""
    costs = connection.scalars(
        sa.select(desk_exception.c.cost).where(
            desk_exception.c.campaign_id == campaign_id, desk_exception.c.currency == currency
        )
    )
    return sum((Decimal(cost) for cost in costs), Decimal(0))


def list_exceptions(connection: Connection, campaign_id: int) -> Sequence[LoggedException]:
    """All exceptions of a campaign, oldest first."""
    rows = connection.execute(
        sa.select(desk_exception, desk_case.c.subscriber_id)
        .join(desk_case, desk_case.c.id == desk_exception.c.case_id)
        .where(desk_exception.c.campaign_id == campaign_id)
        .order_by(desk_exception.c.id)
    )
    return [
        LoggedException(
            rule=row.rule,
            subscriber_id=row.subscriber_id,
            cost=Decimal(row.cost),
            currency=row.currency,
            by=row.by,
        )
        for row in rows
    ]
