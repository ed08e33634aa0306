"""Deal stock: count the taken units, and lock the deal so that the last unit is taken once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.stock import Stock
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.subscribers.suppressions import EVERY_LIST, suppression_conditions
from lovecampaign.store.tables import buyer, deal_claim, deal_stock, deal_waiting, subscriber

Condition: TypeAlias = sa.ColumnElement[bool]
#: An instant, or an SQL expression of one.
Moment: TypeAlias = datetime | sa.ColumnElement[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDeal:
    """A deal, and the row of its campaign."""

    campaign: Campaign
    campaign_id: int
    deal: Deal

    def owns(self, table: sa.FromClause) -> Condition:
        """Whether a row is of this deal."""
        return is_row_of_deal(table, self.campaign_id, self.deal.key)


def is_row_of_deal(table: sa.FromClause, campaign_id: int, deal: str) -> Condition:
    """Whether a row of a table about deals is of this one."""
    return sa.and_(table.c.campaign_id == campaign_id, table.c.deal == deal)


def lock_stock(connection: Connection, campaign_id: int, deal: str) -> None:
    """Lock the units of a deal until the transaction ends.

    SQLite has one writer anyway; on PostgreSQL the deal's row is the lock.
    """
    connection.execute(
        insert_or_ignore(connection, deal_stock).values(campaign_id=campaign_id, deal=deal)
    )
    connection.execute(
        sa.select(deal_stock.c.deal)
        .where(is_row_of_deal(deal_stock, campaign_id, deal))
        .with_for_update()
    )


def read_stock(connection: Connection, recorded: RecordedDeal, now: datetime) -> Stock:
    """The units at an instant; lock the stock first to act on it."""
    claims: sa.Result[Any] = connection.execute(
        sa.select(
            sa.func.count().filter(deal_claim.c.redeemed_at.is_not(None)).label("redeemed"),
            sa.func.count().filter(_is_reserved(now)).label("reserved"),
        ).where(recorded.owns(deal_claim))
    )
    waiting: sa.Result[Any] = connection.execute(
        sa.select(
            sa.func.count().filter(is_reserved_for_waitlist(now)).label("reserved"),
            sa.func.count().filter(is_waiting(recorded)).label("waiting"),
        ).where(recorded.owns(deal_waiting))
    )
    claim, waitlist = claims.one(), waiting.one()
    return Stock(
        quantity=recorded.deal.quantity,
        redeemed=claim.redeemed,
        reserved=claim.reserved + waitlist.reserved,
        waiting=waitlist.waiting,
    )


def is_held(now: Moment) -> Condition:
    """Whether a row of ``deal_claim`` takes a unit: it is redeemed, or has not lapsed."""
    return sa.or_(deal_claim.c.redeemed_at.is_not(None), _is_reserved(now))


def is_reserved_for_waitlist(now: Moment) -> Condition:
    """Whether a row of ``deal_waiting`` reserves a unit."""
    return deal_waiting.c.held_until > now


def is_waiting(recorded: RecordedDeal) -> Condition:
    """Whether a row of ``deal_waiting`` still waits: no message, unsubscribe or purchase yet."""
    insiders = recorded.campaign.insiders
    list_name = insiders.list if insiders else EVERY_LIST
    is_suppressed = sa.exists().where(
        *suppression_conditions(subscriber.c.address_key, list_name, recorded.campaign.id)
    )
    still_wants = sa.exists().where(
        subscriber.c.id == deal_waiting.c.subscriber_id,
        subscriber.c.forgotten_at.is_(None),
        sa.not_(is_suppressed),
        sa.not_(is_buyer(recorded.campaign_id, subscriber.c.address_key)),
    )
    return sa.and_(deal_waiting.c.told_at.is_(None), still_wants)


def is_sold_out(recorded: RecordedDeal, now: Moment) -> Condition:
    """For SQL over subscribers: whether no unit is left that is not taken or reserved."""
    if recorded.deal.quantity is None:
        return sa.false()
    held = sa.select(sa.func.count()).where(recorded.owns(deal_claim), is_held(now))
    kept = sa.select(sa.func.count()).where(
        recorded.owns(deal_waiting), is_reserved_for_waitlist(now)
    )
    taken = held.scalar_subquery() + kept.scalar_subquery()
    return taken >= recorded.deal.quantity


def has_unit(
    recorded: RecordedDeal, subscriber_id: sa.ColumnElement[int], now: Moment
) -> Condition:
    """Whether a subscriber holds a unit, or one is reserved for them."""
    claims = sa.exists().where(
        recorded.owns(deal_claim), deal_claim.c.subscriber_id == subscriber_id, is_held(now)
    )
    kept = sa.exists().where(
        recorded.owns(deal_waiting),
        deal_waiting.c.subscriber_id == subscriber_id,
        is_reserved_for_waitlist(now),
    )
    return sa.or_(claims, kept)


def is_buyer(campaign_id: int, address_key: sa.ColumnElement[str]) -> Condition:
    """Whether an address has bought, here or elsewhere, at any price."""
    noted = buyer.alias("noted")  # the outer query may join ``buyer`` already
    return sa.exists().where(noted.c.campaign_id == campaign_id, noted.c.address_key == address_key)


def _is_reserved(now: Moment) -> Condition:
    return sa.and_(deal_claim.c.redeemed_at.is_(None), deal_claim.c.lapses_at > now)
