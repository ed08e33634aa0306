"""What does a reader's answer to a letter change for the campaign? Counted, and braked at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign
from lovecampaign.delivery.brake import reason_to_pause
from lovecampaign.store.campaigns import pause
from lovecampaign.store.counters import EmailCounts, FailureCounts, add_to_email
from lovecampaign.store.finding_deliveries import DeliveryRecord


def count_feedback(
    connection: Connection,
    campaign: Campaign | None,
    found: DeliveryRecord,
    added: EmailCounts,
    now: datetime,
) -> None:
    """Count complaints, bounces or unsubscribes of a letter, and pause the campaign where they
    are over its ``brake``. ``campaign`` None: its files cannot be read, and nothing is sent.
    """
    counts = add_to_email(connection, found.email_id, added)
    if campaign is None:
        return
    no_failures = FailureCounts(policy_refusals=0, in_a_row=0)
    reason = reason_to_pause(campaign.sending.brake, found.email_key, counts, no_failures)
    if reason is not None:
        pause(connection, found.campaign_id, now, reason)
