"""Tables of what subscribers are given: files that they took, and notes to one person."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, metadata
from lovecampaign.store.tables.campaigns import campaign
from lovecampaign.store.tables.subscribers import subscriber

#: A gift that a subscriber took, once.
gift_taken = sa.Table(
    "gift_taken",
    metadata,
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    #: The start of the content's hash, as in the link.
    sa.Column("gift", sa.Text, primary_key=True),
    #: Of the file.
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("taken_at", Instant, nullable=False),
    sa.Index(None, "campaign_id"),
)

#: A personal line in one email to one subscriber.
personal_note = sa.Table(
    "personal_note",
    metadata,
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    #: The email's key.
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    #: The name below it.
    sa.Column("signed_by", sa.Text, nullable=False),
    sa.Column("written_at", Instant, nullable=False),
    sa.Index(None, "campaign_id", "day"),
)

#: A subscriber whom ``today`` has named, and when.
named_today = sa.Table(
    "named_today",
    metadata,
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    #: The team's date.
    sa.Column("date", sa.Text, primary_key=True),
    sa.Column("why", sa.Text, nullable=False),
    sa.Index(None, "campaign_id", "date"),
)
