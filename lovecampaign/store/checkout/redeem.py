"""Redeem deal codes: the owner becomes a buyer, and the unit is sold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.clock import format_instant
from lovecampaign.core.errors import UsageError
from lovecampaign.store.checkout.waitlist import remove_from_waitlist
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.deal_stock.code_owner import find_code_owner
from lovecampaign.store.deal_stock.stock import is_row_of_deal, lock_stock
from lovecampaign.store.tables import buyer, deal_claim, subscriber

#: Longer texts are no codes.
LONGEST_CODE = 200
#: By how much a shop's clock may be behind.
_CLOCK_SKEW = timedelta(minutes=5)


class RedeemedTooEarly(UsageError):
    """The reported time of the purchase is before the deal opened."""

    def __init__(self, at: datetime, opens: datetime) -> None:
        super().__init__(
            f"at {format_instant(at)} nothing could be bought: the deal opened at "
            f"{format_instant(opens)}",
            hint="check the clock and the time zone of the shop",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """A redeemed code."""

    code: str
    deal: str
    redeemed_at: datetime
    #: False where it was redeemed before.
    is_new: bool


def redeem_code(
    connection: Connection,
    code: str,
    *,
    at: datetime,
    by: str,
    campaign_id: int | None = None,
    opening: Callable[[int, str], datetime | None] = lambda _campaign_id, _deal: None,
) -> Redemption:
    """Record that a code was used; idempotent, the first time counts.

    The spelling may differ as long as the code stays unambiguous. Without a campaign, the newest
    campaign that assigned the code counts. A purchase is a fact: it is recorded even after the
    claim has lapsed or the deal has closed, however late the report. ``opening`` returns the
    earliest time of a purchase, by campaign and deal. Raises UnknownCode, AmbiguousCode and
    RedeemedTooEarly.
    """
    owner = find_code_owner(connection, code, campaign_id)
    lock_stock(connection, owner.campaign_id, owner.deal)
    claim = sa.select(deal_claim.c.redeemed_at).where(_is_claim_of(owner))
    known = connection.execute(claim).one_or_none()
    if known is None or known.redeemed_at is None:
        at = _at_or_after(opening(owner.campaign_id, owner.deal), at)
    _record_buyer(connection, owner, at, by)
    if known is not None and known.redeemed_at is not None:
        return Redemption(
            code=owner.code, deal=owner.deal, redeemed_at=known.redeemed_at, is_new=False
        )
    _redeem_unit(connection, owner, at, by, is_claimed=known is not None)
    remove_from_waitlist(connection, owner.campaign_id, owner.deal, owner.subscriber_id)
    return Redemption(code=owner.code, deal=owner.deal, redeemed_at=at, is_new=True)


def redeem_claims_of(
    connection: Connection, campaign_id: int, address_key: str, *, at: datetime, by: str
) -> None:
    """Redeem the open claims of a buyer with a known address."""
    owner_ids = sa.select(subscriber.c.id).where(subscriber.c.address_key == address_key)
    connection.execute(
        sa.update(deal_claim)
        .where(
            deal_claim.c.campaign_id == campaign_id,
            deal_claim.c.subscriber_id.in_(owner_ids),
            deal_claim.c.redeemed_at.is_(None),
            deal_claim.c.lapses_at > at,
        )
        .values(redeemed_at=at, redeemed_by=by)
    )


def _at_or_after(opens: datetime | None, at: datetime) -> datetime:
    if opens is None or at >= opens:
        return at
    if at < opens - _CLOCK_SKEW:
        raise RedeemedTooEarly(at, opens)
    return opens


def _is_claim_of(owner: sa.Row[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(
        is_row_of_deal(deal_claim, owner.campaign_id, owner.deal),
        deal_claim.c.subscriber_id == owner.subscriber_id,
    )


def _redeem_unit(
    connection: Connection, owner: sa.Row[Any], at: datetime, by: str, *, is_claimed: bool
) -> None:
    if is_claimed:
        connection.execute(
            sa.update(deal_claim).where(_is_claim_of(owner)).values(redeemed_at=at, redeemed_by=by)
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


def _record_buyer(connection: Connection, owner: sa.Row[Any], at: datetime, by: str) -> None:
    connection.execute(
        insert_or_ignore(connection, buyer).values(
            campaign_id=owner.campaign_id,
            address_key=owner.address_key,
            bought_at=at,
            source=by,
            code=owner.code,
        )
    )
