"""Holds of a provider at our own sending limit, for all processes that send through it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.upsert import insert_into
from lovecampaign.store.tables import provider_hold

#: A hold that ends later was made with another clock (``--now``).
LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHold:
    """Nothing is sent through a provider until an instant."""

    until: datetime
    #: The server's words, without addresses.
    reason: str


def hold_provider(connection: Connection, provider: str, hold: ProviderHold) -> None:
    """Stop all sending through a provider; the last hold counts."""
    values = {"until": hold.until, "reason": hold.reason}
    connection.execute(
        insert_into(connection, provider_hold)
        .values(provider=provider, **values)
        .on_conflict_do_update(index_elements=["provider"], set_=values)
    )


def find_hold(connection: Connection, provider: str, now: datetime) -> ProviderHold | None:
    """The hold that counts now."""
    row = connection.execute(
        sa.select(provider_hold).where(
            provider_hold.c.provider == provider,
            provider_hold.c.until > now,
            provider_hold.c.until <= now + LONGEST,
        )
    ).one_or_none()
    return ProviderHold(until=row.until, reason=row.reason) if row else None
