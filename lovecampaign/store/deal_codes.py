"""Which code of a deal is whose? One per person and deal, the same for ever."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Deal
from lovecampaign.deals.codes import RANDOM_BYTES, generate_code
from lovecampaign.store.tables import deal_code


def codes_for(
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
    _insert(connection, campaign_id, deal, [(code, None) for code in new])
    return len(new)


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
    codes = {id_: generate_code(secrets.token_bytes(RANDOM_BYTES)) for id_ in subscriber_ids}
    _insert(connection, campaign_id, deal, [(code, id_) for id_, code in codes.items()])
    return codes


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


def _insert(
    connection: Connection, campaign_id: int, deal: str, codes: Sequence[tuple[str, int | None]]
) -> None:
    rows = [
        {"campaign_id": campaign_id, "deal": deal, "code": code, "subscriber_id": id_}
        for code, id_ in codes
    ]
    if rows:
        connection.execute(sa.insert(deal_code), rows)
