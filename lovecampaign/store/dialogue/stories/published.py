"""Published stories: what letters and the wall show at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.render.model.heroes import Hero, Heroes
from lovecampaign.store.dialogue.stories.stories import Story, StoryState
from lovecampaign.store.tables import campaign, story, subscriber

#: Of a campaign's heroes, in a letter.
MOST_HEROES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class WallEntry:
    """One story on the wall."""

    id: int
    hero: Hero
    published_at: datetime


def read_heroes(connection: Connection, campaign_id: int) -> Heroes:
    """The stories that may be in letters, newest first."""
    rows = _published(connection, campaign_id, story.c.in_letter, MOST_HEROES)
    return Heroes(tuple(_hero(row) for row in rows))


def read_wall(connection: Connection, campaign_id: int) -> Sequence[WallEntry]:
    """The stories that may be on the wall, newest first."""
    return [
        WallEntry(id=row.id, hero=_hero(row), published_at=row.published_at)
        for row in _published(connection, campaign_id, story.c.on_wall, None)
    ]


def read_unpermitted_names(connection: Connection, campaign_key: str) -> frozenset[str]:
    """Names of two words or more, of a campaign's stories that may not be in letters now.

    A name that another story has with permission is left out.
    """
    rows = connection.execute(
        sa.select(story.c.shown_name, story.c.in_letter, story.c.state)
        .join(campaign, campaign.c.id == story.c.campaign_id)
        .where(campaign.c.key == campaign_key, story.c.shown_name.like("% %"))
    ).all()
    published = StoryState.PUBLISHED.value
    allowed = {row.shown_name for row in rows if row.in_letter and row.state == published}
    return frozenset(row.shown_name for row in rows) - allowed


def as_hero(told: Story, card: str | None = None) -> Hero:
    """A story as it will appear; in the mail to its hero with the address of the card."""
    draft = told.draft
    return make_hero(draft.name, draft.text, told.question, told.day, card)


def make_hero(name: str, text: str, question: str, day: str, card: str | None = None) -> Hero:
    paragraphs = tuple(filter(None, (" ".join(each.split()) for each in text.split("\n"))))
    return Hero(
        name=name,
        text=" ".join(paragraphs),
        paragraphs=paragraphs,
        question=question,
        day=day,
        card=card,
    )


def _published(
    connection: Connection, campaign_id: int, permission: sa.Column[bool], most: int | None
) -> Sequence[sa.Row[tuple[object, ...]]]:
    return connection.execute(
        sa.select(story)
        .join(subscriber, subscriber.c.id == story.c.subscriber_id)
        .where(
            story.c.campaign_id == campaign_id,
            story.c.state == StoryState.PUBLISHED.value,
            permission.is_(sa.true()),
            subscriber.c.forgotten_at.is_(None),
        )
        .order_by(story.c.published_at.desc(), story.c.id.desc())
        .limit(most)
    ).all()


def _hero(row: sa.Row[tuple[object, ...]]) -> Hero:
    return make_hero(row.shown_name, row.text, row.question, row.day)
