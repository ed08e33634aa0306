"""Tables of limited deals: claims, waitlist and extensions.

The remaining units are counted, never stored: the quantity less the redeemed and held claims and
the units reserved for the waitlist.
"""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, metadata
from lovecampaign.store.tables.campaigns import campaign
from lovecampaign.store.tables.ledger import delivery
from lovecampaign.store.tables.subscribers import subscriber

#: One row per limited deal: the lock while a unit is taken, so that the last one is taken once.
deal_stock = sa.Table(
    "deal_stock",
    metadata,
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    sa.Column("deal", sa.Text, primary_key=True),
)

#: One unit, held for a while or bought for good; at most one of a deal per subscriber.
deal_claim = sa.Table(
    "deal_claim",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("deal", sa.Text, nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    sa.Column("claimed_at", Instant, nullable=False),
    #: From here on the unit is free again, unless it was redeemed.
    sa.Column("lapses_at", Instant, nullable=False),
    #: How often it was claimed anew after it had lapsed.
    sa.Column("renewals", sa.Integer, nullable=False, server_default="0"),
    sa.Column("redeemed_at", Instant),
    #: The source of the purchase: ``webhook``, ``operator``, a file's name.
    sa.Column("redeemed_by", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("campaign_id", "deal", "subscriber_id"),
)

#: The waitlist of a deal that is sold out; notified in the order of asking.
deal_waiting = sa.Table(
    "deal_waiting",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("deal", sa.Text, nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    #: The delivery with the link that they asked by: the notification repeats the link.
    sa.Column("delivery_id", BigKey, sa.ForeignKey(delivery.c.id), nullable=False),
    #: When they were notified of a free unit; NULL: they still wait.
    sa.Column("told_at", Instant),
    #: Until then the unit is reserved for them.
    sa.Column("held_until", Instant),
    sa.UniqueConstraint("campaign_id", "deal", "subscriber_id"),
)

#: Append-only: more time for one subscriber, and why; the latest end counts.
deal_extension = sa.Table(
    "deal_extension",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("deal", sa.Text, nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("given_at", Instant, nullable=False),
    sa.Index(None, "campaign_id", "deal", "subscriber_id"),
)
