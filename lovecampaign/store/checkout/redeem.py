"""What happens when a code was used? Its owner has bought, and a unit is gone for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.checkout.waitlist import stop_waiting
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.deal_stock.code_owner import find_code_owner
from lovecampaign.store.deal_stock.stock import is_row_of_deal, lock_stock
from lovecampaign.store.tables import buyer, deal_claim, subscriber

#: Nobody's code is longer; what is longer is no code.
LONGEST_CODE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """A code that was used."""

    code: str
    deal: str
    redeemed_at: datetime
    #: False where this was known already.
    is_new: bool


def redeem_code(
    connection: Connection,
    code: str,
    *,
    at: datetime,
    by: str,
    campaign_id: int | None = None,
) -> Redemption:
    """Note that a code was used at an instant; the first time counts, again changes nothing.

    However it is written, as far as no other can be meant. Without a campaign the newest one that
    gave the code counts. A purchase is a fact: it is noted after the claim lapsed, and after the
    deal closed. Raises UnknownCode, and AmbiguousCode.
    """
    owner = find_code_owner(connection, code, campaign_id)
    lock_stock(connection, owner.campaign_id, owner.deal)
    known = connection.execute(_claim_of(owner)).one_or_none()
    _note_buyer(connection, owner, at, by)
    if known is not None and known.redeemed_at is not None:
        return Redemption(
            code=owner.code, deal=owner.deal, redeemed_at=known.redeemed_at, is_new=False
        )
    _take_for_good(connection, owner, at, by, is_claimed=known is not None)
    stop_waiting(connection, owner.campaign_id, owner.deal, owner.subscriber_id)
    return Redemption(code=owner.code, deal=owner.deal, redeemed_at=at, is_new=True)


def redeem_claims_of(
    connection: Connection, campaign_id: int, address_key: str, *, at: datetime, by: str
) -> None:
    """Somebody has bought who is known by address: the unit that they hold stays theirs."""
    who = sa.select(subscriber.c.id).where(subscriber.c.address_key == address_key)
    connection.execute(
        sa.update(deal_claim)
        .where(
            deal_claim.c.campaign_id == campaign_id,
            deal_claim.c.subscriber_id.in_(who),
            deal_claim.c.redeemed_at.is_(None),
            deal_claim.c.lapses_at > at,
        )
        .values(redeemed_at=at, redeemed_by=by)
    )


def _claim_of(owner: sa.Row[Any]) -> sa.Select[Any]:
    return sa.select(deal_claim.c.redeemed_at).where(_is_theirs(owner))


def _is_theirs(owner: sa.Row[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(
        is_row_of_deal(deal_claim, owner.campaign_id, owner.deal),
        deal_claim.c.subscriber_id == owner.subscriber_id,
    )


def _take_for_good(
    connection: Connection, owner: sa.Row[Any], at: datetime, by: str, *, is_claimed: bool
) -> None:
    if is_claimed:
        connection.execute(
            sa.update(deal_claim).where(_is_theirs(owner)).values(redeemed_at=at, redeemed_by=by)
        )
        return
    connection.execute(
        sa.insert(deal_claim).values(
            campaign_id=owner.campaign_id,
            deal=owner.deal,
            subscriber_id=owner.subscriber_id,
            claimed_at=at,
            lapses_at=at,
            redeemed_at=at,
            redeemed_by=by,
        )
    )


def _note_buyer(connection: Connection, owner: sa.Row[Any], at: datetime, by: str) -> None:
    connection.execute(
        insert_or_ignore(connection, buyer).values(
            campaign_id=owner.campaign_id,
            address_key=owner.address_key,
            bought_at=at,
            source=by,
            code=owner.code,
        )
    )
