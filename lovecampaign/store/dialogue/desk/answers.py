"""Answers that people of the team wrote, and the contacts that they wrote to."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import (
    campaign,
    delivery,
    desk_answer,
    setting,
    subscriber,
    transactional,
)

_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnswer:
    """An answer that was put into the queue."""

    transactional_id: int
    subscriber_id: int
    mail_id: int | None
    case_id: int | None
    owner: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswer:
    """An answer in a subscriber's history."""

    at: datetime
    sent_at: datetime | None
    owner: str
    subject: str
    text: str
    mail_id: int | None
    case_id: int | None
    #: Of its row in the queue; None once that is deleted.
    state: str | None


def record_answer(connection: Connection, answer: NewAnswer, now: datetime) -> None:
    connection.execute(
        sa.insert(desk_answer).values(
            transactional_id=answer.transactional_id,
            subscriber_id=answer.subscriber_id,
            mail_id=answer.mail_id,
            case_id=answer.case_id,
            owner=answer.owner,
            subject=answer.subject,
            text=answer.text,
            words_hash=hash_words(answer.text),
            at=now,
        )
    )


def was_written_to_another(connection: Connection, text: str, subscriber_id: int) -> bool:
    """Whether another person got a text with the same words."""
    is_same = sa.exists().where(
        desk_answer.c.words_hash == hash_words(text),
        desk_answer.c.subscriber_id != subscriber_id,
    )
    return bool(connection.scalar(sa.select(is_same)))


def hash_words(text: str) -> str:
    """A hash of the words alone: case, punctuation and spaces make no difference."""
    words = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=16).hexdigest()


def list_answers(connection: Connection, subscriber_id: int) -> Sequence[WrittenAnswer]:
    """What was written to a subscriber, oldest first."""
    names = ("at", "sent_at", "owner", "subject", "text", "mail_id", "case_id")
    rows = connection.execute(
        sa.select(*(desk_answer.c[name] for name in names), transactional.c.state)
        .outerjoin(transactional, transactional.c.id == desk_answer.c.transactional_id)
        .where(desk_answer.c.subscriber_id == subscriber_id)
        .order_by(desk_answer.c.at, desk_answer.c.id)
    )
    return [WrittenAnswer(**row) for row in rows.mappings()]


def is_answer_on_its_way(connection: Connection, *condition: sa.ColumnElement[bool]) -> bool:
    """Whether an answer is in the queue; a second one would arrive, too."""
    is_queued = sa.exists().where(
        *condition,
        transactional.c.id == desk_answer.c.transactional_id,
        transactional.c.state.in_(("planned", "claimed")),
    )
    return bool(connection.scalar(sa.select(is_queued)))


def ensure_contact(
    connection: Connection, address: str, key: str, name: str, zone: str, now: datetime
) -> int:
    """The subscriber with an address; one on no list is made for a writer or a colleague."""
    statement = insert_or_ignore(connection, subscriber).values(
        address_key=key,
        email=address,
        first_name=name,
        timezone=zone,
        fields={},
        created_at=now,
        updated_at=now,
    )
    connection.execute(statement)
    found: int = connection.execute(
        sa.select(subscriber.c.id).where(subscriber.c.address_key == key)
    ).scalar_one()
    return found


def find_latest_campaign(connection: Connection, subscriber_id: int) -> str | None:
    """The key of the campaign that last wrote to a subscriber."""
    found: str | None = connection.scalar(
        sa.select(campaign.c.key)
        .join(delivery, delivery.c.campaign_id == campaign.c.id)
        .where(delivery.c.subscriber_id == subscriber_id)
        .order_by(delivery.c.id.desc())
        .limit(1)
    )
    return found


def is_first_today(connection: Connection, name: str, day: str) -> bool:
    """Whether a daily task was not done on that day yet; from now on it was."""
    connection.execute(insert_or_ignore(connection, setting).values(name=name, value=""))
    moved = connection.execute(
        sa.update(setting).where(setting.c.name == name, setting.c.value < day).values(value=day)
    )
    return moved.rowcount > 0
