"""Tables of campaigns: their emails, frozen content, preferences, buyers and deal codes."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, LocalDay, metadata
from lovecampaign.store.tables.subscribers import subscriber

campaign = sa.Table(
    "campaign",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    #: ``id`` in campaign.yaml.
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("start", LocalDay, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    #: Every list that was ever the campaign's: an unsubscribe covers all of them, also when its
    #: files cannot be read any more. NULL: written before this was recorded.
    sa.Column("lists", sa.JSON(none_as_null=True)),
    #: When the first delivery was claimed: members who joined before are founders.
    sa.Column("first_claim_at", Instant),
    sa.Column("paused_at", Instant),
    sa.Column("pause_reason", sa.Text),
    #: 1: the server rejects us, so transactional mail waits for the resume too.
    sa.Column("pause_holds_mail", sa.Integer, nullable=False, server_default="0"),
    #: When rejections were last put back, since they were about us.
    sa.Column("put_back_at", Instant),
    #: Policy rejections of us since the last resume.
    sa.Column("policy_refusals", sa.Integer, nullable=False, server_default="0"),
    #: Consecutive failures that were not about the recipient.
    sa.Column("failures_in_a_row", sa.Integer, nullable=False, server_default="0"),
)

#: Emails that the ledger has a delivery of.
email = sa.Table(
    "email",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("cancelled_at", Instant),
    #: When planning last went through all subscribers.
    sa.Column("planned_at", Instant),
    #: Counters of the brake since the last resume: counting rows would take longer with each
    #: subscriber.
    sa.Column("accepted", sa.Integer, nullable=False, server_default="0"),
    sa.Column("hard_bounces", sa.Integer, nullable=False, server_default="0"),
    #: Hard bounces of messages that had been accepted before.
    sa.Column("late_bounces", sa.Integer, nullable=False, server_default="0"),
    sa.Column("complaints", sa.Integer, nullable=False, server_default="0"),
    sa.Column("unsubscribes", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("campaign_id", "key"),
)

#: Content at the first real claim of an email; the newest row counts.
frozen_content = sa.Table(
    "frozen_content",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("email_id", BigKey, sa.ForeignKey(email.c.id), nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("frozen_at", Instant, nullable=False),
    #: Operator who accepted the edit (``--accept-edit``); '' for the first.
    sa.Column("accepted_by", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("email_id", "fingerprint"),
)

#: A subscriber's preferences for one campaign.
preference = sa.Table(
    "preference",
    metadata,
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("is_launch_only", sa.Boolean, nullable=False),
    sa.Column("paused_until", Instant),
    #: For erasure, and for the foreign key of deleted subscribers.
    sa.Index(None, "subscriber_id"),
)

#: Purchases; keyed by address, since buyers may not be subscribers.
buyer = sa.Table(
    "buyer",
    metadata,
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    sa.Column("address_key", sa.Text, primary_key=True),
    sa.Column("bought_at", Instant, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default=""),
    sa.Column("code", sa.Text),
)

#: Codes of deals: generated, or from the author's pool (no subscriber until one is assigned).
deal_code = sa.Table(
    "deal_code",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("deal", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id)),
    sa.UniqueConstraint("campaign_id", "deal", "code"),
    sa.UniqueConstraint("campaign_id", "deal", "subscriber_id"),
    #: The shop reports a code without its deal.
    sa.Index(None, "code"),
)
