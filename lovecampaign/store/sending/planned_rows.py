"""Where do planned rows of some emails stand, and which of these emails keep quiet hours?"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.quiet import quiet_hours_of
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables import PLANNED, batch, delivery, email, subscriber

#: From the email over its batches: the index of planned rows leads past all that are sent.
ROWS = email.join(batch, batch.c.email_id == email.c.id).join(
    delivery, delivery.c.batch_id == batch.c.id
)
#: Beside the reader of each.
ROWS_AND_READERS = ROWS.join(subscriber, subscriber.c.id == delivery.c.subscriber_id)


def planned_of(record: CampaignRecord, keys: Collection[str]) -> list[sa.ColumnElement[bool]]:
    """The conditions on ROWS for what waits of these emails, due or not."""
    return [
        email.c.campaign_id == record.id,
        email.c.key.in_(sorted(keys)),
        delivery.c.state == PLANNED,
    ]


def keeping_quiet_hours(campaign: Campaign, keys: Collection[str]) -> set[str]:
    """Those of these emails that nobody gets at night."""
    return {
        each.key
        for each in campaign.scheduled_emails
        if each.key in keys and quiet_hours_of(campaign, each) is not None
    }
