"""Subscribers who wait: for an answer to a letter, or for the end of a case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.tables import (
    DeliveryState,
    delivery,
    desk_answer,
    desk_case,
    desk_letter,
    desk_step,
    incoming_mail,
    subscriber,
    suppression,
    transactional,
)

#: The last step of a case, which its follow-through message does.
FOLLOW_THROUGH = "follow_through"
#: Kinds of mail that keep a promise once they arrive (``TransactionalKind``).
_TO_A_PERSON = ("answer", "follow-through", "hero")


def is_waiting() -> sa.ColumnElement[bool]:
    """For SQL over subscribers: whether we owe them an answer, or a case of theirs is open.

    The subquery is not correlated: it is read once, through two small partial indexes.
    """
    letters = sa.select(desk_letter.c.subscriber_id).where(
        desk_letter.c.done_at.is_(None), desk_letter.c.subscriber_id.is_not(None)
    )
    cases = sa.select(desk_case.c.subscriber_id).where(desk_case.c.closed_at.is_(None))
    return subscriber.c.id.in_(sa.union_all(letters, cases))


def open_letters(connection: Connection, keys: Collection[str]) -> None:
    """Put these mails on the desk, where people wrote them and they are not there yet.

    The writer waits if the letter is matched to them, or their address is a subscriber's own.
    """
    writer = subscriber.alias("writer")
    columns: tuple[sa.ColumnElement[Any], ...] = (
        incoming_mail.c.id,
        sa.func.coalesce(incoming_mail.c.subscriber_id, writer.c.id),
        delivery.c.campaign_id,
    )
    is_on_desk = sa.exists().where(desk_letter.c.mail_id == incoming_mail.c.id)
    letters = (
        sa.select(*columns)
        .select_from(
            incoming_mail.outerjoin(
                writer, writer.c.address_key == incoming_mail.c.address_key
            ).outerjoin(delivery, delivery.c.id == incoming_mail.c.delivery_id)
        )
        .where(
            is_one_of(incoming_mail.c.key, keys),
            incoming_mail.c.kind.in_(("letter", "unsubscribe")),
            incoming_mail.c.address_key != "",
            sa.not_(is_on_desk),
        )
    )
    names = ("mail_id", "subscriber_id", "campaign_id")
    connection.execute(sa.insert(desk_letter).from_select(names, letters))


def reopen_bounced(connection: Connection, transactional_ids: Collection[int]) -> None:
    """Mail to a person that came back after the provider had accepted it.

    The letter waits again, the case is open again, and a hero counts as not told.
    """
    if not transactional_ids:
        return
    came_back = connection.scalars(
        sa.update(transactional)
        .where(
            is_one_of(transactional.c.id, transactional_ids),
            transactional.c.kind.in_(_TO_A_PERSON),
            transactional.c.state == DeliveryState.SENT.value,
        )
        .values(state=DeliveryState.FAILED.value, detail="it came back")
        .returning(transactional.c.id)
    ).all()
    if not came_back:
        return
    answers = connection.execute(
        sa.update(desk_answer)
        .where(is_one_of(desk_answer.c.transactional_id, came_back))
        .values(sent_at=None)
        .returning(desk_answer.c.mail_id, desk_answer.c.case_id)
    ).all()
    mails = [row.mail_id for row in answers if row.mail_id is not None]
    connection.execute(
        sa.update(desk_letter)
        .where(is_one_of(desk_letter.c.mail_id, mails), desk_letter.c.why == "")
        .where(sa.not_(_has_sent_answer(desk_answer.c.mail_id == desk_letter.c.mail_id)))
        .values(done_at=None)
    )
    _reopen_cases(connection, [row.case_id for row in answers if row.case_id is not None])


def _reopen_cases(connection: Connection, cases: Collection[int]) -> None:
    """Only their follow-through is to do, by its old date."""
    reopened = connection.scalars(
        sa.update(desk_case)
        .where(is_one_of(desk_case.c.id, cases), desk_case.c.closed_at.is_not(None))
        .where(
            sa.not_(
                _has_sent_answer(
                    desk_answer.c.case_id == desk_case.c.id,
                    desk_answer.c.sent_at
                    >= sa.func.coalesce(desk_case.c.reopened_at, desk_case.c.opened_at),
                )
            )
        )
        .values(closed_at=None)
        .returning(desk_case.c.id)
    ).all()
    connection.execute(
        sa.update(desk_step)
        .where(is_one_of(desk_step.c.case_id, reopened), desk_step.c.step == FOLLOW_THROUGH)
        .values(done_at=None)
    )


def _has_sent_answer(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Another one that arrived: written again while the first was in doubt."""
    return sa.exists().where(*conditions, desk_answer.c.sent_at.is_not(None))


def close_unreachable(connection: Connection, case_id: int, why: str, now: datetime) -> bool:
    """Close a case if its last message came back from a dead address; returns whether it did."""
    newest = sa.select(sa.func.max(desk_answer.c.transactional_id)).where(
        desk_answer.c.case_id == case_id
    )
    came_back = sa.exists().where(
        transactional.c.id == newest.scalar_subquery(),
        transactional.c.state == DeliveryState.FAILED.value,
    )
    is_dead = sa.exists().where(
        subscriber.c.id == desk_case.c.subscriber_id,
        suppression.c.address_key == subscriber.c.address_key,
        suppression.c.reason == SuppressionReason.HARD_BOUNCE.value,
        suppression.c.lifted_at.is_(None),
    )
    closed = connection.execute(
        sa.update(desk_case)
        .where(desk_case.c.id == case_id, desk_case.c.closed_at.is_(None), came_back, is_dead)
        .values(closed_at=now)
    )
    if closed.rowcount == 0:
        return False
    connection.execute(
        sa.update(desk_step)
        .where(desk_step.c.case_id == case_id, desk_step.c.done_at.is_(None))
        .values(done_at=now, note=why)
    )
    return True


def note_sent_answers(connection: Connection, now: datetime) -> None:
    """Answers that the provider has accepted since: their letters are done, their cases closed."""
    is_sent = sa.exists().where(
        transactional.c.id == desk_answer.c.transactional_id,
        transactional.c.state == DeliveryState.SENT.value,
    )
    sent = connection.execute(
        sa.update(desk_answer)
        .where(desk_answer.c.sent_at.is_(None), is_sent)
        .values(sent_at=now)
        .returning(desk_answer.c.mail_id, desk_answer.c.case_id)
    ).all()
    mails = [row.mail_id for row in sent if row.mail_id is not None]
    cases = [row.case_id for row in sent if row.case_id is not None]
    if mails:
        connection.execute(
            sa.update(desk_letter)
            .where(desk_letter.c.mail_id.in_(mails), desk_letter.c.done_at.is_(None))
            .values(done_at=now)
        )
    if cases:
        connection.execute(
            sa.update(desk_step)
            .where(
                desk_step.c.case_id.in_(cases),
                desk_step.c.step == FOLLOW_THROUGH,
                desk_step.c.done_at.is_(None),
            )
            .values(done_at=now)
        )
        connection.execute(
            sa.update(desk_case)
            .where(desk_case.c.id.in_(cases), desk_case.c.closed_at.is_(None))
            .values(closed_at=now)
        )
