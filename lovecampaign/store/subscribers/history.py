"""What happened, in order? Events, as providers and people reported them, and the last claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import delivery, email, event


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberEvent:
    """A later fact about one of somebody's emails, or about them."""

    #: ``delivered``, ``bounced``, ``clicked`` …
    kind: str
    at: datetime
    #: The email it is about; None where it is about none.
    email_key: str | None
    #: What the receiver or the provider said; '' where it said nothing.
    words: str = ""


def read_events(database: Database, subscriber_id: int) -> Sequence[SubscriberEvent]:
    """Every event of a subscriber and of their deliveries, oldest first."""
    with database.read() as connection:
        rows = connection.execute(
            sa.select(event.c.kind, event.c.at, event.c.payload, email.c.key)
            .outerjoin(delivery, delivery.c.id == event.c.delivery_id)
            .outerjoin(email, email.c.id == delivery.c.email_id)
            .where(
                sa.or_(
                    event.c.subscriber_id == subscriber_id,
                    delivery.c.subscriber_id == subscriber_id,
                )
            )
            .order_by(event.c.at, event.c.id)
        )
        return [
            SubscriberEvent(
                kind=row.kind, at=row.at, email_key=row.key, words=_words_of(row.payload)
            )
            for row in rows
        ]


def _words_of(payload: Mapping[str, object]) -> str:
    said = payload.get("reason")
    return said.strip() if isinstance(said, str) else ""


def read_newest_claim(database: Database) -> datetime | None:
    """When a delivery was last claimed, by the clock of then; None: never."""
    with database.read() as connection:
        newest: datetime | None = connection.scalar(sa.select(sa.func.max(delivery.c.claimed_at)))
        return newest
