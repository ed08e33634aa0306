"""How does the person behind a deal link stand towards the deal?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.deal_page import Visitor
from lovecampaign.store.checkout.claims import find_claim
from lovecampaign.store.checkout.codes import has_code_for_more
from lovecampaign.store.checkout.waitlist import find_place
from lovecampaign.store.deal_stock.extensions import extended_closing_times
from lovecampaign.store.deal_stock.stock import RecordedDeal, is_buyer
from lovecampaign.store.eligibility.eligibility import Standing
from lovecampaign.store.tables import deal_code, subscriber


def read_visitor(
    connection: Connection, found: RecordedDeal, subscriber_id: int, now: datetime
) -> Visitor:
    """The person as the deal's page meets them.

    Who was given a code while on the advance-notification list keeps the price that was
    promised with it, also after leaving the list: they asked for less mail, and for nothing else.
    """
    person = _read_person(connection, found, subscriber_id, now)
    place = find_place(connection, found, subscriber_id)
    closings = extended_closing_times(
        connection, found.campaign_id, found.deal.key, [subscriber_id]
    )
    return Visitor(
        is_insider=bool(person.is_insider or person.was_given_code),
        has_bought=bool(person.has_bought),
        claim=find_claim(connection, found, subscriber_id),
        has_code=bool(person.was_given_code) or has_code_for_more(connection, found),
        is_waiting=place is not None and place.told_at is None,
        kept_until=place.held_until if place else None,
        closes=closings.get(subscriber_id),
    )


def _read_person(
    connection: Connection, found: RecordedDeal, subscriber_id: int, now: datetime
) -> sa.Row[Any]:
    standing = Standing(
        campaign=found.campaign,
        email=found.campaign.emails[0],  # who is an insider is so for every email
        campaign_id=found.campaign_id,
        now=now,
    )
    was_given_code = sa.exists().where(
        found.owns(deal_code), deal_code.c.subscriber_id == subscriber.c.id
    )
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            standing.is_insider.label("is_insider"),
            was_given_code.label("was_given_code"),
            is_buyer(found.campaign_id, subscriber.c.address_key).label("has_bought"),
        )
        .select_from(standing.people)
        .where(subscriber.c.id == subscriber_id, subscriber.c.forgotten_at.is_(None))
    )
    return rows.one()
