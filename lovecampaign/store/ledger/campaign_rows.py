"""How do a campaign and its emails get their rows, whoever comes first?"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.database.engine import Database
from lovecampaign.store.tables import campaign, email


def insert_missing_rows(database: Database, found: Campaign) -> None:
    """Make those that are not there yet; what is there stays as it is."""
    try:
        with database.write() as connection:
            _insert_missing(connection, found)
    except sa.exc.IntegrityError:
        # Another process inserted the same rows meanwhile; they are there, and nothing is lost.
        with database.write() as connection:
            _insert_missing(connection, found)


def _insert_missing(connection: Connection, found: Campaign) -> None:
    known = connection.scalar(sa.select(campaign.c.id).where(campaign.c.key == found.id))
    if known is None:
        known = connection.execute(
            sa.insert(campaign)
            .values(
                key=found.id,
                name=found.name,
                start=found.start,
                language=found.language,
                lists=sorted(found.lists),
            )
            .returning(campaign.c.id)
        ).scalar_one()
    keys = set(connection.scalars(sa.select(email.c.key).where(email.c.campaign_id == known)))
    missing = [each.key for each in found.emails if each.key not in keys]
    if missing:
        rows = [{"campaign_id": known, "key": key} for key in missing]
        connection.execute(sa.insert(email), rows)
