"""Who takes a unit of a deal? One each, for a while, and never more than there are."""

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
    connection: Connection, found: RecordedDeal, subscriber_id: int, now: datetime
) -> Claim | None:
    """One unit for one person, for the deal's ``claim_for``; None: nothing is left for them.

    Claiming again gives the same claim, and no more time. What is free again belongs to those
    who wait, before anybody who comes by.
    """
    lock_stock(connection, found.campaign_id, found.deal.key)
    own = find_claim(connection, found, subscriber_id)
    if own is not None and own.holds(now):
        return own
    reserve_free_units(connection, found, now, here=subscriber_id)
    kept_until = _kept_until(connection, found, subscriber_id, now)
    if kept_until is None and read_stock(connection, found, now).left == 0:
        return None
    lapses_at = max(now + found.deal.claim_for, kept_until or now)
    claim = Claim(claimed_at=now, lapses_at=lapses_at)
    _store(connection, found, subscriber_id, claim, is_new=own is None)
    remove_from_waitlist(connection, found.campaign_id, found.deal.key, subscriber_id)
    return claim


def find_claim(connection: Connection, found: RecordedDeal, subscriber_id: int) -> Claim | None:
    """The claim of this person, lapsed or not."""
    rows = connection.execute(
        sa.select(deal_claim.c.claimed_at, deal_claim.c.lapses_at, deal_claim.c.redeemed_at).where(
            found.owns(deal_claim), deal_claim.c.subscriber_id == subscriber_id
        )
    )
    return next((Claim(**row) for row in rows.mappings()), None)


def _kept_until(
    connection: Connection, found: RecordedDeal, subscriber_id: int, now: datetime
) -> datetime | None:
    """Until when a unit is kept for this person, because they waited; None: none is."""
    place = find_waitlist_place(connection, found, subscriber_id)
    if place is None or place.held_until is None or place.held_until <= now:
        return None
    return place.held_until


def _store(
    connection: Connection,
    found: RecordedDeal,
    subscriber_id: int,
    claim: Claim,
    *,
    is_new: bool,
) -> None:
    times = {"claimed_at": claim.claimed_at, "lapses_at": claim.lapses_at}
    if not is_new:
        connection.execute(
            sa.update(deal_claim)
            .where(found.owns(deal_claim), deal_claim.c.subscriber_id == subscriber_id)
            .values(**times)
        )
        return
    connection.execute(
        sa.insert(deal_claim).values(
            campaign_id=found.campaign_id,
            deal=found.deal.key,
            subscriber_id=subscriber_id,
            **times,
        )
    )
