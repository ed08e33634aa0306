"""Assign deal codes: one per subscriber and deal, which never changes."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.codes import RANDOM_BYTES, generate_code
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.deal_stock.stock import RecordedDeal, is_row_of_deal
from lovecampaign.store.tables import campaign, deal_code


def assign_codes(
    connection: Connection, campaign_id: int, deal: Deal, subscriber_ids: Sequence[int]
) -> Mapping[int, str]:
    """The code of each of these subscribers; missing ones are generated or taken from the pool.

    Subscribers are missing in the result if the pool is empty.
    """
    known = _read_codes(connection, campaign_id, deal.key, subscriber_ids)
    missing = [id_ for id_ in subscriber_ids if id_ not in known]
    if not missing:
        return known
    assign = _generate if deal.codes_file is None else _take_from_pool
    return {**known, **assign(connection, campaign_id, deal.key, missing)}


def fill_pool(connection: Connection, campaign_id: int, deal: str, codes: Iterable[str]) -> int:
    """Add the author's codes to the pool; returns how many were new."""
    of_deal = is_row_of_deal(deal_code, campaign_id, deal)
    known = set(connection.scalars(sa.select(deal_code.c.code).where(of_deal)))
    new = [code for code in dict.fromkeys(codes) if code not in known]
    rows = [{"campaign_id": campaign_id, "deal": deal, "code": code} for code in new]
    if rows:  # two senders may add the same codes at once
        connection.execute(insert_or_ignore(connection, deal_code), rows)
    return len(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusedCodes:
    """Codes of a file that subscribers got in another campaign."""

    count: int
    example: str
    #: The ``id`` of one such campaign.
    campaign: str

    @property
    def words(self) -> str:
        if self.count == 1:
            return f"the code {self.example} was handed out"
        return f"{self.count} codes, such as {self.example}, were handed out"


def find_reused_codes(
    connection: Connection, campaign_key: str, codes: Collection[str]
) -> ReusedCodes | None:
    """The codes that another campaign has handed out already; None without any."""
    of_others = sa.and_(
        deal_code.c.campaign_id == campaign.c.id,
        campaign.c.key != campaign_key,
        deal_code.c.subscriber_id.is_not(None),
        is_one_of(deal_code.c.code, codes),
    )
    row = connection.execute(
        sa.select(
            sa.func.count(sa.distinct(deal_code.c.code)).label("number"),
            sa.func.min(deal_code.c.code).label("example"),
            sa.func.max(campaign.c.key).label("campaign"),
        ).where(of_others)
    ).one()
    if not row.number:
        return None
    return ReusedCodes(count=row.number, example=row.example, campaign=row.campaign)


def assign_code(connection: Connection, recorded: RecordedDeal, subscriber_id: int) -> str | None:
    """The code of one subscriber; None if the author's pool is empty."""
    codes = assign_codes(connection, recorded.campaign_id, recorded.deal, [subscriber_id])
    return codes.get(subscriber_id)


def has_spare_code(connection: Connection, recorded: RecordedDeal) -> bool:
    """Whether a subscriber without a code would get one."""
    if recorded.deal.codes_file is None:
        return True
    free = sa.exists().where(recorded.owns(deal_code), deal_code.c.subscriber_id.is_(None))
    return bool(connection.scalar(sa.select(free)))


def _read_codes(
    connection: Connection, campaign_id: int, deal: str, subscriber_ids: Sequence[int]
) -> dict[int, str]:
    rows = connection.execute(
        sa.select(deal_code.c.subscriber_id, deal_code.c.code).where(
            is_row_of_deal(deal_code, campaign_id, deal),
            deal_code.c.subscriber_id.in_(subscriber_ids),
        )
    )
    return {row.subscriber_id: row.code for row in rows}


def _generate(
    connection: Connection, campaign_id: int, deal: str, subscriber_ids: Sequence[int]
) -> dict[int, str]:
    """A page and a sender may generate one for the same subscriber at once: the first counts."""
    rows = [
        {
            "campaign_id": campaign_id,
            "deal": deal,
            "code": generate_code(secrets.token_bytes(RANDOM_BYTES)),
            "subscriber_id": id_,
        }
        for id_ in subscriber_ids
    ]
    connection.execute(insert_or_ignore(connection, deal_code), rows)
    return _read_codes(connection, campaign_id, deal, subscriber_ids)


def _take_from_pool(
    connection: Connection, campaign_id: int, deal: str, subscriber_ids: Sequence[int]
) -> dict[int, str]:
    free = connection.execute(
        sa.select(deal_code.c.id, deal_code.c.code)
        .where(
            is_row_of_deal(deal_code, campaign_id, deal),
            deal_code.c.subscriber_id.is_(None),
        )
        .order_by(deal_code.c.id)
        .limit(len(subscriber_ids))
        .with_for_update(skip_locked=True)
    ).all()
    taken = list(zip(subscriber_ids, free, strict=False))
    if taken:
        connection.execute(
            sa.update(deal_code)
            .where(deal_code.c.id == sa.bindparam("row_id"))
            .values(subscriber_id=sa.bindparam("assigned_to")),
            [{"row_id": row.id, "assigned_to": id_} for id_, row in taken],
        )
    return {id_: row.code for id_, row in taken}
