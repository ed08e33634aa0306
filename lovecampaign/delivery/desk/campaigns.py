"""The campaigns of a workspace, as the desk looks them up."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.answers import find_latest_campaign
from lovecampaign.store.ledger.campaigns import record_campaign


class DeskCampaigns:
    """At least one campaign; for what belongs to none of them, the newest counts."""

    def __init__(self, campaigns: Iterable[Campaign]) -> None:
        """Raises ValueError without a campaign."""
        self._by_key = {campaign.id: campaign for campaign in campaigns}
        self.newest = max(self._by_key.values(), key=lambda one: one.start)

    def of(self, key: str | None) -> Campaign:
        """The campaign with that id; the newest for none, or one that cannot be read."""
        return self._by_key.get(key or "", self.newest)

    def sender_for(self, connection: Connection, key: str | None, person: int | None) -> Campaign:
        """The campaign that an answer goes out with: of the letter, else of the last email."""
        if key in self._by_key:
            return self.of(key)
        return self.of(None if person is None else find_latest_campaign(connection, person))

    def recorded_sender(
        self, database: Database, key: str | None, person: int | None
    ) -> tuple[Campaign, int]:
        """The same with the campaign's row, which is made where it is missing."""
        with database.read() as connection:
            campaign = self.sender_for(connection, key, person)
        return campaign, record_campaign(database, campaign).id
