"""The loaded slots of a campaign, and the disposition of each email at that instant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.store.eligibility.disposition import Disposition, load_slots
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.slots import SlotsByZone, compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The loaded slots of a campaign at one instant."""

    campaign: Campaign
    #: None before its first send: nothing is cancelled then.
    record: CampaignRecord | None
    slots: SlotsByZone
    now: datetime
    #: The emails that are due in a zone.
    due_keys: Collection[str]

    def disposition_of(self, email: Email) -> Disposition:
        record, campaign = self.record, self.campaign
        id_ = record.id if record else 0
        return Disposition(
            eligibility=Eligibility(campaign=campaign, email=email, campaign_id=id_, now=self.now),
            is_cancelled=bool(record and email.key in record.cancelled),
            due_keys=self.due_keys,
        )


def load_schedule(
    connection: Connection, campaign: Campaign, emails: Sequence[Email], now: datetime
) -> Schedule:
    """Load the slots of these emails and the zones' clocks into the temporary tables."""
    record = read_campaign(connection, campaign.id)
    slots = compute_slots(connection, campaign, record)
    if campaign.launch.min_gifts:  # what is to come counts, too
        emails = [*{one.key: one for one in (*emails, *campaign.day_emails)}.values()]
    load_slots(connection, slots, emails, read_clocks(connection, campaign, now))
    keys = {
        key
        for by_key in slots.values()
        for key, its_slots in by_key.items()
        if any(each.due <= now for each in its_slots)
    }
    return Schedule(campaign=campaign, record=record, slots=slots, now=now, due_keys=keys)
