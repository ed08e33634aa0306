"""Tables of what subscribers answer and do: stories, and tasks that are done."""

from __future__ import annotations

import sqlalchemy as sa

from lovecampaign.store.database.types import BigKey, Instant, metadata
from lovecampaign.store.tables.campaigns import campaign
from lovecampaign.store.tables.ledger import transactional
from lovecampaign.store.tables.subscribers import subscriber

#: Kinds of transactional mail with a link to a story, which does not expire.
STORY_MAIL = ("hero", "story-link")
#: One answer of a subscriber to one question. Its words are gone once its writer withdraws it.
story = sa.Table(
    "story",
    metadata,
    sa.Column("id", BigKey, primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), nullable=False),
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), nullable=False),
    #: The delivery with the link; as in the ledger, without a foreign key.
    sa.Column("delivery_id", BigKey, nullable=False),
    #: Of the day with the question, also where a catch-up contained it.
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("shown_name", sa.Text, nullable=False),
    sa.Column("in_letter", sa.Boolean, nullable=False),
    sa.Column("on_wall", sa.Boolean, nullable=False),
    sa.Column("in_social", sa.Boolean, nullable=False),
    #: ``StoryState``.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("written_at", Instant, nullable=False),
    #: Of the last change of words or permissions.
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("approved_at", Instant),
    sa.Column("published_at", Instant),
    sa.Column("withdrawn_at", Instant),
    #: The mail that tells the hero; NULL before the approval.
    sa.Column("told_by", BigKey, sa.ForeignKey(transactional.c.id)),
    sa.UniqueConstraint("campaign_id", "subscriber_id", "day"),
    sa.Index(None, "subscriber_id"),
    sqlite_autoincrement=True,  # ids of deleted rows never come again
)

#: A day's small task that a subscriber marked as done.
day_done = sa.Table(
    "day_done",
    metadata,
    sa.Column("subscriber_id", BigKey, sa.ForeignKey(subscriber.c.id), primary_key=True),
    sa.Column("campaign_id", BigKey, sa.ForeignKey(campaign.c.id), primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    #: Of the subscriber at that time.
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Index(None, "campaign_id"),
)
