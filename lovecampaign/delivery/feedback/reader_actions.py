"""What does a reader's answer to a letter change for the campaign? Counted, and braked at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.loop.brake import reason_to_pause
from lovecampaign.store.ledger.campaigns import pause
from lovecampaign.store.ledger.counters import EmailCounts, FailureCounts, add_to_email
from lovecampaign.store.ledger.lookup import DeliveryRecord, EmailRow


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
    letter = EmailRow(
        email_id=found.email_id,
        email_key=found.email_key,
        campaign_id=found.campaign_id,
        campaign_key=found.campaign_key,
    )
    count_and_brake(connection, campaign, letter, added, now)


def count_and_brake(
    connection: Connection,
    campaign: Campaign | None,
    letter: EmailRow,
    added: EmailCounts,
    now: datetime,
) -> None:
    """:func:`count_feedback`, of as many of its copies as ``added`` says."""
    counts = add_to_email(connection, letter.email_id, added)
    if campaign is None:
        return
    no_failures = FailureCounts(policy_refusals=0, in_a_row=0)
    reason = reason_to_pause(campaign.sending.brake, letter.email_key, counts, no_failures)
    if reason is not None:
        pause(connection, letter.campaign_id, now, reason)
