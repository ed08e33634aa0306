"""The history of one subscriber with the deals: extensions, waitlist places, claims, purchases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.clock import format_instant
from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import buyer, deal_claim, deal_extension, deal_waiting, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class DealEvent:
    """One event between a subscriber and a deal."""

    #: ``given more time``, ``waiting``, ``kept``, ``claimed`` or ``bought``.
    what: str
    at: datetime
    #: The deal's key, with a source or reason; '' where neither is known.
    detail: str


def read_deal_history(database: Database, subscriber_id: int) -> Sequence[DealEvent]:
    """All known events, unordered; for a unit that was claimed again, the last claim."""
    with database.read() as connection:
        return [
            *_extensions(connection, subscriber_id),
            *_waitlist_places(connection, subscriber_id),
            *_claims(connection, subscriber_id),
            *_purchases(connection, subscriber_id),
        ]


def _extensions(connection: Connection, subscriber_id: int) -> Iterator[DealEvent]:
    rows = sa.select(deal_extension).where(deal_extension.c.subscriber_id == subscriber_id)
    for row in connection.execute(rows):
        detail = f"{row.deal}, until {format_instant(row.until)}: {row.why}"
        yield DealEvent(what="given more time", at=row.given_at, detail=detail)


def _waitlist_places(connection: Connection, subscriber_id: int) -> Iterator[DealEvent]:
    rows = sa.select(deal_waiting).where(deal_waiting.c.subscriber_id == subscriber_id)
    for row in connection.execute(rows):
        yield DealEvent(what="waiting", at=row.asked_at, detail=row.deal)
        if row.told_at is not None and row.held_until is not None:
            detail = f"{row.deal}, until {format_instant(row.held_until)}"
            yield DealEvent(what="kept", at=row.told_at, detail=detail)


def _claims(connection: Connection, subscriber_id: int) -> Iterator[DealEvent]:
    rows = sa.select(deal_claim).where(deal_claim.c.subscriber_id == subscriber_id)
    for row in connection.execute(rows):
        if row.redeemed_at is None:
            detail = f"{row.deal}, until {format_instant(row.lapses_at)}"
            yield DealEvent(what="claimed", at=row.claimed_at, detail=detail)
        else:
            detail = ", ".join(word for word in (row.deal, row.redeemed_by) if word)
            yield DealEvent(what="bought", at=row.redeemed_at, detail=detail)


def _purchases(connection: Connection, subscriber_id: int) -> Iterator[DealEvent]:
    """Purchases that were recorded by hand or import, without a unit of a deal."""
    took_a_unit = sa.exists().where(
        deal_claim.c.campaign_id == buyer.c.campaign_id,
        deal_claim.c.subscriber_id == subscriber.c.id,
        deal_claim.c.redeemed_at.is_not(None),
    )
    rows = (
        sa.select(buyer.c.bought_at, buyer.c.source)
        .join(subscriber, subscriber.c.address_key == buyer.c.address_key)
        .where(subscriber.c.id == subscriber_id, ~took_a_unit)
    )
    for row in connection.execute(rows):
        yield DealEvent(what="bought", at=row.bought_at, detail=row.source)
