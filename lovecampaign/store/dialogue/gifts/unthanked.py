"""Givers: subscribers who answered a question, and had no personal note since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.dialogue.stories.stories import StoryState
from lovecampaign.store.tables import personal_note, story, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """A subscriber who gave, and the day to which they answered."""

    email: str
    first_name: str
    day: str


def list_unthanked(connection: Connection, campaign_id: int) -> Sequence[Giver]:
    """The givers of a campaign who wait for thanks, the longest first."""
    was_thanked = sa.exists().where(
        personal_note.c.subscriber_id == story.c.subscriber_id,
        personal_note.c.campaign_id == story.c.campaign_id,
        personal_note.c.written_at >= story.c.written_at,
    )
    query = (
        sa.select(subscriber.c.email, subscriber.c.first_name, story.c.day)
        .join(subscriber, subscriber.c.id == story.c.subscriber_id)
        .where(
            story.c.campaign_id == campaign_id,
            story.c.state != StoryState.WITHDRAWN.value,
            subscriber.c.forgotten_at.is_(None),
            sa.not_(was_thanked),
        )
        .order_by(story.c.written_at, story.c.id)
    )
    rows = connection.execute(query)
    return [Giver(email=row.email, first_name=row.first_name, day=row.day) for row in rows]
