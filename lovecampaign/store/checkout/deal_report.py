"""Report the stock of a campaign's deals, and export the assigned codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.stock import Stock
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.stock import RecordedDeal, read_stock
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.tables import deal_claim, deal_code, subscriber

#: Codes per fetch: memory stays constant.
PAGE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DealReport:
    """One deal's numbers."""

    deal: Deal
    stock: Stock
    #: Unassigned codes of the author's file; None where codes are generated.
    spare_codes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedCode:
    """A code, its owner, and its claim."""

    code: str
    deal: str
    #: '' for forgotten subscribers.
    email: str
    claimed_at: datetime | None
    lapses_at: datetime | None
    redeemed_at: datetime | None
    redeemed_by: str


def report_deals(database: Database, campaign: Campaign, now: datetime) -> Sequence[DealReport]:
    """Every deal of a campaign, in the order of its file. Writes nothing."""
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        campaign_id = record.id if record else 0
        return [
            _report(
                connection,
                RecordedDeal(campaign=campaign, campaign_id=campaign_id, deal=deal),
                now,
            )
            for deal in campaign.deals.values()
        ]


def iterate_assigned_codes(connection: Connection, campaign_id: int) -> Iterator[AssignedCode]:
    """All assigned codes, in the order in which they were generated or imported."""
    is_same_owner = sa.and_(
        deal_claim.c.campaign_id == deal_code.c.campaign_id,
        deal_claim.c.deal == deal_code.c.deal,
        deal_claim.c.subscriber_id == deal_code.c.subscriber_id,
    )
    query = (
        sa.select(
            deal_code.c.code,
            deal_code.c.deal,
            subscriber.c.email,
            deal_claim.c.claimed_at,
            deal_claim.c.lapses_at,
            deal_claim.c.redeemed_at,
            sa.func.coalesce(deal_claim.c.redeemed_by, "").label("redeemed_by"),
        )
        .join(subscriber, subscriber.c.id == deal_code.c.subscriber_id)
        .outerjoin(deal_claim, is_same_owner)
        .where(deal_code.c.campaign_id == campaign_id)
        .order_by(deal_code.c.id)
    )
    rows: sa.Result[Any] = connection.execution_options(yield_per=PAGE).execute(query)
    for row in rows.mappings():
        yield AssignedCode(**row)


def _report(connection: Connection, recorded: RecordedDeal, now: datetime) -> DealReport:
    return DealReport(
        deal=recorded.deal,
        stock=read_stock(connection, recorded, now),
        spare_codes=_count_spare(connection, recorded) if recorded.deal.codes_file else None,
    )


def _count_spare(connection: Connection, recorded: RecordedDeal) -> int:
    spare = sa.and_(recorded.owns(deal_code), deal_code.c.subscriber_id.is_(None))
    counted = sa.select(sa.func.count()).select_from(deal_code).where(spare)
    return connection.scalar(counted) or 0
