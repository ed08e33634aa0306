"""Letters on the desk: read them, take one, close one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    campaign,
    delivery,
    desk_answer,
    desk_case,
    desk_letter,
    email,
    incoming_attachment,
    incoming_mail,
    subscriber,
    transactional,
)

_guess = subscriber.alias("guess")
_last = desk_answer.alias("last")


class LetterState(StrEnum):
    """The state of a letter, as the desk shows it."""

    WAITING = "waiting"  #: without an owner
    TAKEN = "taken"
    SENDING = "sending"  #: the answer is in the queue
    IN_DOUBT = "in_doubt"  #: the answer may have been sent: close it, or answer again
    FAILED = "failed"  #: the answer was rejected
    ANSWERED = "answered"
    CLOSED = "closed"  #: without an answer


_QUEUE_STATES = {
    DeliveryState.PLANNED.value: LetterState.SENDING,
    DeliveryState.CLAIMED.value: LetterState.SENDING,
    DeliveryState.IN_DOUBT.value: LetterState.IN_DOUBT,
    DeliveryState.FAILED.value: LetterState.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLetter:
    """A letter with its owner, its writer and the email that it answers."""

    id: int
    at: datetime
    #: Where an answer goes.
    email: str
    name: str
    #: Who waits; None: no subscriber has that address.
    subscriber_id: int | None
    #: For a letter from another address: the subscriber of the email that it answers, else the only
    #: one with the writer's name.
    guess: str | None
    campaign_id: int | None
    campaign_key: str | None
    email_key: str | None
    delivery_id: int | None
    subject: str
    text: str
    html: str
    message_id: str
    references: str
    owner: str
    taken_at: datetime | None
    done_at: datetime | None
    why: str
    state: LetterState
    #: The case that was opened for it.
    case_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFile:
    """A file that came with a letter; its content is never opened here."""

    id: int
    name: str
    type: str
    size: int
    #: Whether it was small enough to be kept.
    is_kept: bool


def list_letters(
    connection: Connection, *, is_done: bool | None = False, owner: str | None = None
) -> Sequence[DeskLetter]:
    """Letters of the desk, oldest first; ``is_done`` None is all of them."""
    conditions: list[sa.ColumnElement[bool]] = []
    if is_done is not None:
        is_open = desk_letter.c.done_at.is_(None)
        conditions.append(sa.not_(is_open) if is_done else is_open)
    if owner is not None:
        conditions.append(desk_letter.c.owner == owner)
    return _read(connection, *conditions)


def count_waiting_letters(connection: Connection) -> int:
    """How many letters wait for an answer, with an owner or without."""
    query = sa.select(sa.func.count()).where(desk_letter.c.done_at.is_(None))
    return connection.scalar(query) or 0


def find_letter(connection: Connection, id_: int) -> DeskLetter | None:
    return next(iter(_read(connection, desk_letter.c.mail_id == id_)), None)


def take_letter(connection: Connection, id_: int, owner: str, now: datetime) -> bool:
    """Make a person its owner; False where another one has it, or it is done."""
    is_free = desk_letter.c.owner.in_(("", owner))
    statement = (
        sa.update(desk_letter)
        .where(desk_letter.c.mail_id == id_, desk_letter.c.done_at.is_(None), is_free)
        .values(
            owner=owner, taken_at=sa.func.coalesce(desk_letter.c.taken_at, sa.literal(now, Instant))
        )
    )
    return connection.execute(statement).rowcount > 0


def hand_over(connection: Connection, id_: int, owner: str, now: datetime) -> None:
    """Give a letter to another owner."""
    connection.execute(
        sa.update(desk_letter)
        .where(desk_letter.c.mail_id == id_, desk_letter.c.done_at.is_(None))
        .values(owner=owner, taken_at=now)
    )


def close_letter(connection: Connection, id_: int, why: str, now: datetime) -> bool:
    """Close it without an answer; False where it is done."""
    statement = (
        sa.update(desk_letter)
        .where(desk_letter.c.mail_id == id_, desk_letter.c.done_at.is_(None))
        .values(done_at=now, why=why)
    )
    return connection.execute(statement).rowcount > 0


def list_attachments(connection: Connection, letter_id: int) -> Sequence[LetterFile]:
    columns = [incoming_attachment.c[name] for name in ("id", "name", "type", "size")]
    is_kept = incoming_attachment.c.content.is_not(None).label("is_kept")
    rows = connection.execute(
        sa.select(*columns, is_kept)
        .where(incoming_attachment.c.mail_id == letter_id)
        .order_by(incoming_attachment.c.id)
    )
    return [LetterFile(**row) for row in rows.mappings()]


def read_attachment(connection: Connection, letter_id: int, id_: int) -> tuple[str, bytes] | None:
    """Name and content of a letter's attachment."""
    row = connection.execute(
        sa.select(incoming_attachment.c.name, incoming_attachment.c.content).where(
            incoming_attachment.c.id == id_,
            incoming_attachment.c.mail_id == letter_id,
            incoming_attachment.c.content.is_not(None),
        )
    ).first()
    return (row.name, row.content) if row else None


def _read(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[DeskLetter]:
    newest = (
        sa.select(sa.func.max(desk_answer.c.id))
        .where(desk_answer.c.mail_id == desk_letter.c.mail_id)
        .scalar_subquery()
    )
    case_id = (
        sa.select(sa.func.max(desk_case.c.id))
        .where(desk_case.c.mail_id == desk_letter.c.mail_id)
        .scalar_subquery()
    )
    letter = [
        incoming_mail.c[name]
        for name in ("id", "at", "subject", "text", "html", "message_id", "references")
    ]
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            *letter,
            desk_letter,
            incoming_mail.c.from_name,
            incoming_mail.c.reply_to,
            incoming_mail.c.address_key,
            incoming_mail.c.delivery_id,
            incoming_mail.c.subscriber_id.label("matched_id"),
            subscriber.c.email.label("known_email"),
            subscriber.c.first_name,
            subscriber.c.last_name,
            _guess.c.email.label("guess_email"),
            campaign.c.key.label("campaign_key"),
            email.c.key.label("email_key"),
            transactional.c.state.label("answer_state"),
            case_id.label("case_id"),
        )
        .select_from(
            desk_letter.join(incoming_mail, incoming_mail.c.id == desk_letter.c.mail_id)
            .outerjoin(subscriber, subscriber.c.id == desk_letter.c.subscriber_id)
            .outerjoin(delivery, delivery.c.id == incoming_mail.c.delivery_id)
            .outerjoin(_guess, _guess.c.id == delivery.c.subscriber_id)
            .outerjoin(email, email.c.id == delivery.c.email_id)
            .outerjoin(campaign, campaign.c.id == desk_letter.c.campaign_id)
            .outerjoin(_last, _last.c.id == newest)
            .outerjoin(transactional, transactional.c.id == _last.c.transactional_id)
        )
        .where(*conditions)
        .order_by(incoming_mail.c.at, incoming_mail.c.id)
    )
    return _with_guesses(connection, [_letter(row) for row in rows])


def _with_guesses(connection: Connection, letters: list[DeskLetter]) -> list[DeskLetter]:
    """By first and last name, for writers of whom nothing else is known."""
    unknown = {
        one.id: one.name.lower()
        for one in letters
        if one.subscriber_id is None and one.delivery_id is None and " " in one.name
    }
    if not unknown:
        return letters
    name = sa.func.lower(subscriber.c.first_name + " " + subscriber.c.last_name)
    rows = connection.execute(
        sa.select(name.label("name"), sa.func.min(subscriber.c.email).label("email"))
        .where(name.in_(set(unknown.values())), subscriber.c.forgotten_at.is_(None))
        .group_by(name)
        .having(sa.func.count() == 1)
    )
    emails = {row.name: row.email for row in rows}
    return [replace(one, guess=one.guess or emails.get(unknown.get(one.id, ""))) for one in letters]


def _letter(row: sa.Row[Any]) -> DeskLetter:
    is_strangers = row.delivery_id is not None and row.matched_id is None
    known_name = f"{row.first_name or ''} {row.last_name or ''}".strip()
    return DeskLetter(
        id=row.id,
        at=row.at,
        # A subscriber's answer goes to their own address, whatever Reply-To says.
        email=row.known_email or row.reply_to or row.address_key,
        name=known_name or row.from_name,
        subscriber_id=row.subscriber_id,
        guess=row.guess_email if is_strangers else None,
        campaign_id=row.campaign_id,
        campaign_key=row.campaign_key,
        email_key=row.email_key,
        delivery_id=row.delivery_id,
        subject=row.subject,
        text=row.text,
        html=row.html,
        message_id=row.message_id,
        references=row.references,
        owner=row.owner,
        taken_at=row.taken_at,
        done_at=row.done_at,
        why=row.why,
        state=_state(row),
        case_id=row.case_id,
    )


def _state(row: sa.Row[Any]) -> LetterState:
    if row.done_at is not None:
        return LetterState.CLOSED if row.why else LetterState.ANSWERED
    if row.answer_state in _QUEUE_STATES:
        return _QUEUE_STATES[row.answer_state]
    return LetterState.TAKEN if row.owner else LetterState.WAITING
