"""The deal's page: its state for one subscriber, and its actions, each in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from lovecampaign.campaign.deals.deal_page import (
    CLAIMS,
    LEADS_TO_CHECKOUT,
    DealPageState,
    Visitor,
    find_page_state,
)
from lovecampaign.campaign.deals.stock import Claim, Stock
from lovecampaign.store.checkout.codes import assign_code, has_spare_code
from lovecampaign.store.checkout.waitlist import (
    add_to_waitlist,
    find_waitlist_place,
    remove_from_waitlist,
    reserve_free_units,
)
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.extensions import extended_closing_times
from lovecampaign.store.deal_stock.stock import RecordedDeal, is_buyer, lock_stock, read_stock
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.tables import deal_claim, deal_code, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class DealView:
    """The deal as its page shows it to one subscriber."""

    state: DealPageState
    stock: Stock
    visitor: Visitor


def view_deal(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> DealView:
    """The view for the page. Changes nothing."""
    stock = read_stock(connection, recorded, now)
    visitor = read_deal_visitor(connection, recorded, subscriber_id, now)
    state = find_page_state(recorded.campaign, recorded.deal, stock, visitor, now)
    return DealView(state=state, stock=stock, visitor=visitor)


def take_unit(
    database: Database, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> str | None:
    """Claim a unit, or use the one they hold; returns the code for the checkout.

    After too many unpaid claims the checkout is open as long as units are left, without a claim.
    None where the page's state does not lead to the checkout: the page shows why.
    """
    try:
        return _take(database, recorded, subscriber_id, now)
    except IntegrityError:
        # At the same time a sender assigned this subscriber a code of the author's file.
        return _take(database, recorded, subscriber_id, now)


def join_waitlist(
    database: Database, recorded: RecordedDeal, subscriber_id: int, delivery_id: int, now: datetime
) -> None:
    """Add the subscriber to the waitlist, if the page offers it."""
    with database.write() as connection:
        if _view_locked(connection, recorded, subscriber_id, now).state is DealPageState.WAITLIST:
            add_to_waitlist(connection, recorded, subscriber_id, delivery_id, now)


def _take(
    database: Database, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> str | None:
    with database.write() as connection:
        state = _view_locked(connection, recorded, subscriber_id, now).state
        if state not in LEADS_TO_CHECKOUT:
            return None
        code = assign_code(connection, recorded, subscriber_id)
        if state not in CLAIMS:
            return code
        has_unit = code is not None and claim_unit(connection, recorded, subscriber_id, now)
        return code if has_unit else None


def _view_locked(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> DealView:
    """The view with the stock locked, after free units were reserved for the waitlist."""
    lock_stock(connection, recorded.campaign_id, recorded.deal.key)
    reserve_free_units(connection, recorded, now, here=subscriber_id)
    return view_deal(connection, recorded, subscriber_id, now)


def read_deal_visitor(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> Visitor:
    """The visitor of the deal's page.

    A subscriber who got a code while on the advance-notification list keeps the promised price
    after unsubscribing from it: unsubscribing concerns mail, not the price.
    """
    row = _read_row(connection, recorded, subscriber_id, now)
    place = find_waitlist_place(connection, recorded, subscriber_id)
    closings = extended_closing_times(
        connection, recorded.campaign_id, recorded.deal.key, [subscriber_id]
    )
    return Visitor(
        is_insider=bool(row.is_insider or row.was_given_code),
        has_bought=bool(row.has_bought),
        claim=find_claim(connection, recorded, subscriber_id),
        has_code=bool(row.was_given_code) or has_spare_code(connection, recorded),
        is_waiting=place is not None and place.told_at is None,
        kept_until=place.held_until if place else None,
        closes=closings.get(subscriber_id),
    )


def _read_row(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> sa.Row[Any]:
    eligibility = Eligibility(
        campaign=recorded.campaign,
        email=recorded.campaign.emails[0],  # it is the same for every email
        campaign_id=recorded.campaign_id,
        now=now,
    )
    was_given_code = sa.exists().where(
        recorded.owns(deal_code), deal_code.c.subscriber_id == subscriber.c.id
    )
    result: sa.Result[Any] = connection.execute(
        sa.select(
            eligibility.is_insider.label("is_insider"),
            was_given_code.label("was_given_code"),
            is_buyer(recorded.campaign_id, subscriber.c.address_key).label("has_bought"),
        )
        .select_from(eligibility.subscribers)
        .where(subscriber.c.id == subscriber_id, subscriber.c.forgotten_at.is_(None))
    )
    return result.one()


def claim_unit(
    connection: Connection, recorded: RecordedDeal, subscriber_id: int, now: datetime
) -> Claim | None:
    """Claim one unit for the deal's ``claim_for``; None if none is left.

    Idempotent: claiming again returns the same claim, without more time. A lapsed claim on a
    limited deal is renewed twice at most; one from the waitlist does not count. Units that became
    free go to the waitlist first.
    """
    lock_stock(connection, recorded.campaign_id, recorded.deal.key)
    own = find_claim(connection, recorded, subscriber_id)
    if own is not None and own.holds(now):
        return own
    reserve_free_units(connection, recorded, now, here=subscriber_id)
    reserved_until = _reserved_until(connection, recorded, subscriber_id, now)
    is_renewal = own is not None and recorded.deal.quantity is not None and not reserved_until
    if is_renewal and own is not None and not own.may_be_renewed:
        return None
    if reserved_until is None and read_stock(connection, recorded, now).left == 0:
        return None
    claim = Claim(
        claimed_at=now,
        lapses_at=max(now + recorded.deal.claim_for, reserved_until or now),
        renewals=(own.renewals if own else 0) + is_renewal,
    )
    _store(connection, recorded, subscriber_id, claim, is_new=own is None)
    remove_from_waitlist(connection, recorded.campaign_id, recorded.deal.key, subscriber_id)
    return claim


def find_claim(connection: Connection, recorded: RecordedDeal, subscriber_id: int) -> Claim | None:
    """The claim of this subscriber, lapsed or not."""
    rows = connection.execute(
        sa.select(
            deal_claim.c.claimed_at,
            deal_claim.c.lapses_at,
            deal_claim.c.redeemed_at,
            deal_claim.c.renewals,
        ).where(recorded.owns(deal_claim), deal_claim.c.subscriber_id == subscriber_id)
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
    values = {
        "claimed_at": claim.claimed_at,
        "lapses_at": claim.lapses_at,
        "renewals": claim.renewals,
    }
    if not is_new:
        connection.execute(
            sa.update(deal_claim)
            .where(recorded.owns(deal_claim), deal_claim.c.subscriber_id == subscriber_id)
            .values(**values)
        )
        return
    connection.execute(
        sa.insert(deal_claim).values(
            campaign_id=recorded.campaign_id,
            deal=recorded.deal.key,
            subscriber_id=subscriber_id,
            **values,
        )
    )
