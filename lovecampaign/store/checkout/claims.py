"""Claim a unit of a deal: one per subscriber, for a limited time, never more than the stock."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.stock import Claim
from lovecampaign.store.checkout.waitlist import (
    find_waitlist_place,
    remove_from_waitlist,
    reserve_free_units,
)
from lovecampaign.store.deal_stock.stock import RecordedDeal, lock_stock, read_stock
from lovecampaign.store.tables import deal_claim


def claim_unit(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> Claim | None:
    """Claim one unit for the deal's ``claim_for``; None if none is left.

    Idempotent: claiming again returns the same claim, without more time. Units that became free
    go to the waitlist first.
    """
    lock_stock(connection, recorded.campaign_id, recorded.deal.key)
    own = find_claim(connection, recorded, subscriber_id)
    if own is not None and own.holds(now):
        return own
    reserve_free_units(connection, recorded, now, here=subscriber_id)
    reserved_until = _reserved_until(connection, recorded, subscriber_id, now)
    if reserved_until is None and read_stock(connection, recorded, now).left == 0:
        return None
    lapses_at = max(now + recorded.deal.claim_for, reserved_until or now)
    claim = Claim(claimed_at=now, lapses_at=lapses_at)
    _store(connection, recorded, subscriber_id, claim, is_new=own is None)
    remove_from_waitlist(connection, recorded.campaign_id, recorded.deal.key, subscriber_id)
    return claim


def find_claim(connection: Connection, recorded: RecordedDeal, subscriber_id: int) -> Claim | None:
    """The claim of this subscriber, lapsed or not."""
    rows = connection.execute(
        sa.select(deal_claim.c.claimed_at, deal_claim.c.lapses_at, deal_claim.c.redeemed_at).where(
            recorded.owns(deal_claim), deal_claim.c.subscriber_id == subscriber_id
        )
    )
    return next((Claim(**row) for row in rows.mappings()), None)


def _reserved_until(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> datetime | None:
    """Until when the waitlist reserves a unit for this subscriber; None if it does not."""
    place = find_waitlist_place(connection, recorded, subscriber_id)
    if place is None or place.held_until is None or place.held_until <= now:
        return None
    return place.held_until


def _store(
    connection: Connection,
    recorded: RecordedDeal,
    subscriber_id: int,
    claim: Claim,
    *,
    is_new: bool,
) -> None:
    times = {"claimed_at": claim.claimed_at, "lapses_at": claim.lapses_at}
    if not is_new:
        connection.execute(
            sa.update(deal_claim)
            .where(recorded.owns(deal_claim), deal_claim.c.subscriber_id == subscriber_id)
            .values(**times)
        )
        return
    connection.execute(
        sa.insert(deal_claim).values(
            campaign_id=recorded.campaign_id,
            deal=recorded.deal.key,
            subscriber_id=subscriber_id,
            **times,
        )
    )
