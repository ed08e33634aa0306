"""Which email of which campaign is this? From the ledger's numbers to the names in its files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import campaign, email


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailRow:
    """An email as the ledger knows it."""

    email_id: int
    email_key: str
    #: Of the row; ``campaign_key`` is ``id`` in campaign.yaml.
    campaign_id: int
    campaign_key: str


def find_emails(connection: Connection, ids: Collection[int]) -> Mapping[int, EmailRow]:
    """The emails with these ids, by id."""
    if not ids:
        return {}
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            email.c.id.label("email_id"),
            email.c.key.label("email_key"),
            email.c.campaign_id,
            campaign.c.key.label("campaign_key"),
        )
        .join(campaign, campaign.c.id == email.c.campaign_id)
        .where(email.c.id.in_(ids))
    )
    return {row["email_id"]: EmailRow(**row) for row in rows.mappings()}
