"""Which code of a deal is whose? One per person and deal, the same for ever."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.codes import RANDOM_BYTES, generate_code
from lovecampaign.campaign.model.deal import Deal
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.deal_stock.stock import RecordedDeal
from lovecampaign.store.tables import deal_code


def assign_codes(
    connection: Connection, campaign_id: int, deal: Deal, subscriber_ids: Sequence[int]
) -> Mapping[int, str]:
    """The code of each of these people, minted or taken from the pool where they have none.

    Who is left out stands before an empty pool.
    """
    known = _read_codes(connection, campaign_id, deal.key, subscriber_ids)
    missing = [id_ for id_ in subscriber_ids if id_ not in known]
    if not missing:
        return known
    give = _mint if deal.codes_file is None else _take_from_pool
    return {**known, **give(connection, campaign_id, deal.key, missing)}


def fill_pool(connection: Connection, campaign_id: int, deal: str, codes: Iterable[str]) -> int:
    """Add the author's codes that the pool does not know yet; returns how many were new."""
    mine = sa.and_(deal_code.c.campaign_id == campaign_id, deal_code.c.deal == deal)
    known = set(connection.scalars(sa.select(deal_code.c.code).where(mine)))
    new = [code for code in dict.fromkeys(codes) if code not in known]
    rows = [{"campaign_id": campaign_id, "deal": deal, "code": code} for code in new]
    if rows:  # two senders may bring the same ones in the same instant
        connection.execute(insert_or_ignore(connection, deal_code), rows)
    return len(new)


def assign_code(connection: Connection, found: RecordedDeal, subscriber_id: int) -> str | None:
    """One person's code; None where the author's pool is empty."""
    codes = assign_codes(connection, found.campaign_id, found.deal, [subscriber_id])
    return codes.get(subscriber_id)


def has_spare_code(connection: Connection, found: RecordedDeal) -> bool:
    """Whether somebody without a code would get one."""
    if found.deal.codes_file is None:
        return True
    free = sa.exists().where(found.owns(deal_code), deal_code.c.subscriber_id.is_(None))
    return bool(connection.scalar(sa.select(free)))


def _read_codes(
    connection: Connection, campaign_id: int, deal: str, subscriber_ids: Sequence[int]
) -> dict[int, str]:
    rows = connection.execute(
        sa.select(deal_code.c.subscriber_id, deal_code.c.code).where(
            deal_code.c.campaign_id == campaign_id,
            deal_code.c.deal == deal,
            deal_code.c.subscriber_id.in_(subscriber_ids),
        )
    )
    return {row.subscriber_id: row.code for row in rows}


def _mint(
    connection: Connection, campaign_id: int, deal: str, subscriber_ids: Sequence[int]
) -> dict[int, str]:
    """A page and a sender may mint for one person in the same instant: the first code counts."""
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
            deal_code.c.campaign_id == campaign_id,
            deal_code.c.deal == deal,
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
            .values(subscriber_id=sa.bindparam("whose")),
            [{"row_id": row.id, "whose": id_} for id_, row in taken],
        )
    return {id_: row.code for id_, row in taken}
