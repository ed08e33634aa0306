"""Stories: an answer, its permissions, and its way to readers.

``new`` → approved, and a mail tells the hero → published → in letters, on the wall. Changed
words begin again at ``new``. Withdrawn at any time, it is gone from everywhere at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.ledger.transactional_mail import (
    DELIVERY_ID,
    STORY_ID,
    TransactionalKind,
    count_transactional,
    queue_transactional,
)
from lovecampaign.store.tables import DeliveryState, campaign, story, subscriber, transactional

#: A forwarded letter must not fill its reader's mailbox.
MAX_LINKS_PER_HOUR = 3


class StoryState(StrEnum):
    """How far a story is."""

    NEW = "new"  #: written, or changed by its writer
    APPROVED = "approved"  #: read by the operator; a mail tells the hero
    PUBLISHED = "published"  #: where its permissions allow
    WITHDRAWN = "withdrawn"  #: nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDraft:
    """What a subscriber fills in."""

    text: str
    #: As it is to be shown; '' only without any permission.
    name: str
    in_letter: bool
    on_wall: bool
    in_social: bool

    @property
    def is_public(self) -> bool:
        return self.in_letter or self.on_wall or self.in_social


NO_WORDS = StoryDraft(text="", name="", in_letter=False, on_wall=False, in_social=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A row of the table, with the hero's address and how the mail to them went."""

    id: int
    campaign_id: int
    campaign_key: str
    subscriber_id: int
    email: str
    delivery_id: int
    day: str
    question: str
    draft: StoryDraft
    state: StoryState
    written_at: datetime
    changed_at: datetime
    approved_at: datetime | None
    published_at: datetime | None
    withdrawn_at: datetime | None
    #: Of the mail that tells the hero; None before the approval.
    mail_state: DeliveryState | None

    @property
    def is_told(self) -> bool:
        return self.mail_state is DeliveryState.SENT


def save_answer(
    connection: Connection,
    delivery: DeliveryRecord,
    day: str,
    question: str,
    draft: StoryDraft,
    now: datetime,
) -> bool:
    """Store an answer; False where the subscriber has answered this question already."""
    row = {
        "campaign_id": delivery.campaign_id,
        "subscriber_id": delivery.subscriber_id,
        "delivery_id": delivery.id,
        "day": day,
        "question": question,
        **_columns(draft),
        "state": StoryState.NEW.value,
        "written_at": now,
        "changed_at": now,
    }
    statement = insert_or_ignore(connection, story).values(row).returning(story.c.id)
    return connection.execute(statement).first() is not None


def find_answer(connection: Connection, delivery: DeliveryRecord, day: str) -> Story | None:
    """The subscriber's answer to the question of a day."""
    is_theirs = story.c.subscriber_id == delivery.subscriber_id
    is_here = story.c.campaign_id == delivery.campaign_id
    return next(iter(_read(connection, is_theirs, is_here, story.c.day == day)), None)


def find_story(connection: Connection, story_id: int) -> Story | None:
    return next(iter(_read(connection, story.c.id == story_id)), None)


def list_stories_of(connection: Connection, subscriber_id: int) -> Sequence[Story]:
    """What a subscriber has answered in all campaigns, newest first."""
    return _read(connection, story.c.subscriber_id == subscriber_id)


def list_stories(
    connection: Connection, campaign_id: int, state: StoryState | None = None
) -> Sequence[Story]:
    """The stories of a campaign, newest first."""
    conditions = [story.c.campaign_id == campaign_id]
    if state is not None:
        conditions.append(story.c.state == state.value)
    return _read(connection, *conditions)


def change(connection: Connection, told: Story, draft: StoryDraft, now: datetime) -> None:
    """The writer's own change: other words begin again at ``new``, permissions count at once."""
    has_same_words = (draft.text, draft.name) == (told.draft.text, told.draft.name)
    is_again = told.state is StoryState.WITHDRAWN or not has_same_words
    values = {**_columns(draft), "changed_at": now}
    if is_again:
        _cancel_mail(connection, told.id, now)
        values |= {"state": StoryState.NEW.value, "told_by": None}
        values |= dict.fromkeys(("approved_at", "published_at", "withdrawn_at"))
    connection.execute(sa.update(story).where(story.c.id == told.id).values(values))


def approve(connection: Connection, approved: Story, now: datetime) -> None:
    """Approve a story's words, and queue the mail that tells its hero."""
    told_by = _queue(connection, TransactionalKind.HERO, approved, now)
    values = {"state": StoryState.APPROVED.value, "approved_at": now, "told_by": told_by}
    _update(connection, approved.id, **values, withdrawn_at=None)


def publish(connection: Connection, story_id: int, now: datetime) -> None:
    """Let a story appear; the caller has checked that the mail to its hero has left."""
    _update(connection, story_id, state=StoryState.PUBLISHED.value, published_at=now)


def withdraw(connection: Connection, story_id: int, now: datetime, *, by_writer: bool) -> None:
    """Take a story from everywhere; its writer takes the words with it."""
    _cancel_mail(connection, story_id, now)
    erased = _columns(NO_WORDS)
    state = {"state": StoryState.WITHDRAWN.value, "withdrawn_at": now, "published_at": None}
    _update(connection, story_id, **state, **(erased if by_writer else {}))


def request_story_link(connection: Connection, wanted: Story, now: datetime) -> None:
    """Queue the link to change or withdraw a story, to its writer's own mailbox."""
    kind = TransactionalKind.STORY_LINK
    sent = count_transactional(connection, kind, wanted.subscriber_id, now - timedelta(hours=1))
    if sent < MAX_LINKS_PER_HOUR:
        _queue(connection, kind, wanted, now)


def _queue(connection: Connection, kind: TransactionalKind, about: Story, now: datetime) -> int:
    payload = {STORY_ID: about.id, DELIVERY_ID: about.delivery_id}
    return queue_transactional(
        connection, kind, about.subscriber_id, about.campaign_id, payload, now
    )


def _cancel_mail(connection: Connection, story_id: int, now: datetime) -> None:
    """The mail with the earlier words, unless it is on its way."""
    told_by = sa.select(story.c.told_by).where(story.c.id == story_id).scalar_subquery()
    connection.execute(
        sa.update(transactional)
        .where(
            transactional.c.id == told_by,
            transactional.c.state == DeliveryState.PLANNED.value,
        )
        .values(state=DeliveryState.CANCELLED.value, settled_at=now)
    )


def _columns(draft: StoryDraft) -> Mapping[str, object]:
    values = asdict(draft)
    return {"shown_name": values.pop("name"), **values}


def _update(connection: Connection, story_id: int, **values: object) -> None:
    connection.execute(sa.update(story).where(story.c.id == story_id).values(values))


def _read(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Story]:
    query = (
        sa.select(
            story,
            campaign.c.key.label("campaign_key"),
            subscriber.c.email,
            transactional.c.state.label("mail_state"),
        )
        .join(campaign, campaign.c.id == story.c.campaign_id)
        .join(subscriber, subscriber.c.id == story.c.subscriber_id)
        .outerjoin(transactional, transactional.c.id == story.c.told_by)
        .where(*conditions)
        .order_by(story.c.written_at.desc(), story.c.id.desc())
    )
    return [_as_story(row) for row in connection.execute(query)]


def _as_story(row: Row[tuple[object, ...]]) -> Story:
    values = row._asdict()
    values.pop("told_by")
    values["name"] = values.pop("shown_name")
    draft = {name: values.pop(name) for name in StoryDraft.__slots__}
    mail_state = values.pop("mail_state")
    return Story(
        **{**values, "state": StoryState(values["state"])},
        draft=StoryDraft(**draft),
        mail_state=DeliveryState(mail_state) if mail_state else None,
    )
