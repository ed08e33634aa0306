"""Writes to a person: an answer to a letter, or the follow-through message of a case.

Both go into the queue of transactional mail in one transaction with their record, so that they
are sent once whatever happens to the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import ConfirmationNeeded, UsageError
from lovecampaign.delivery.desk.message import reply_subject, thread_headers
from lovecampaign.delivery.desk.phrases import find_phrases
from lovecampaign.delivery.desk.team import find_colleague
from lovecampaign.store.dialogue.desk.answers import (
    NewAnswer,
    ensure_contact,
    is_answer_on_its_way,
    record_answer,
    was_written_to_another,
)
from lovecampaign.store.dialogue.desk.cases import Case, CaseStep
from lovecampaign.store.dialogue.desk.letters import DeskLetter, take_letter
from lovecampaign.store.ledger.match_events import normalise_or_none
from lovecampaign.store.ledger.transactional_mail import (
    SEND_TO,
    WRITTEN,
    TransactionalKind,
    queue_transactional,
)
from lovecampaign.store.tables import desk_answer, desk_letter, incoming_mail

LONGEST_TEXT = 20_000


class NotToBeSent(UsageError):
    """A text that the desk does not send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A text, who wrote it, and the campaign that it goes out with."""

    campaign: Campaign
    #: The campaign's row.
    campaign_id: int
    owner: str
    text: str
    #: Send it with the phrases that were flagged.
    accepts_phrases: bool = False


def answer_letter(
    connection: Connection, letter: DeskLetter, writing: Writing, now: datetime
) -> int:
    """Queue an answer; returns its row in the queue.

    Raises NotToBeSent for a letter that is done or another's, and for a text that another person
    got; ConfirmationNeeded for phrases that a customer must never hear.
    """
    _lock(connection, letter.id)
    if letter.done_at is not None:
        raise NotToBeSent("that letter is done", hint=f"see: lovecampaign replies show {letter.id}")
    if is_answer_on_its_way(connection, desk_answer.c.mail_id == letter.id):
        raise NotToBeSent("its answer is on its way", hint="lovecampaign run or send delivers it")
    if not take_letter(connection, letter.id, writing.owner, now):
        raise NotToBeSent(
            f"{letter.owner} has that letter",
            hint=f"to take it over: lovecampaign replies take {letter.id} --over",
        )
    subscriber_id = _writer(connection, letter, writing.campaign, now)
    _check_text(connection, writing, subscriber_id)
    subject = reply_subject(letter.subject)
    thread = thread_headers(letter.message_id, letter.references)
    colleague = find_colleague(writing.campaign, writing.owner)
    payload = {
        SEND_TO: letter.email,
        WRITTEN: {
            "subject": subject,
            "text": writing.text,
            "from_name": colleague.name,
            "from_email": colleague.email,
            "to_name": letter.name,
            **thread,
        },
    }
    kind = TransactionalKind.ANSWER
    row = queue_transactional(connection, kind, subscriber_id, writing.campaign_id, payload, now)
    new = NewAnswer(
        transactional_id=row,
        subscriber_id=subscriber_id,
        mail_id=letter.id,
        case_id=None,
        owner=writing.owner,
        subject=subject,
        text=writing.text,
    )
    record_answer(connection, new, now)
    return row


def follow_through(connection: Connection, case: Case, writing: Writing, now: datetime) -> int:
    """Queue the follow-through message; the case closes when it was sent.

    Raises NotToBeSent as :func:`answer_letter`, and while another step is to do.
    """
    if not case.is_open:
        raise NotToBeSent("that case is closed", hint=f"see: lovecampaign cases show {case.id}")
    if is_answer_on_its_way(connection, desk_answer.c.case_id == case.id):
        raise NotToBeSent("its message is on its way", hint="lovecampaign run or send delivers it")
    step = case.next_step
    if step is not None and step.step is not CaseStep.FOLLOW_THROUGH:
        raise NotToBeSent(
            f"the step “{step.step.value}” comes first",
            hint=f"when it is done: lovecampaign cases step {case.id} {step.step.value}",
        )
    _check_text(connection, writing, case.subscriber_id)
    colleague = find_colleague(writing.campaign, writing.owner)
    subject, thread = reply_subject(case.about), {}
    letter = _letter_of(connection, case.mail_id)
    if letter is not None:
        subject = reply_subject(letter.subject)
        thread = dict(thread_headers(letter.message_id, letter.references))
    payload = {
        WRITTEN: {
            "subject": subject if thread else case.about,
            "text": writing.text,
            "from_name": colleague.name,
            "from_email": colleague.email,
            "to_name": case.name,
            **thread,
        }
    }
    kind = TransactionalKind.FOLLOW_THROUGH
    row = queue_transactional(
        connection, kind, case.subscriber_id, writing.campaign_id, payload, now
    )
    new = NewAnswer(
        transactional_id=row,
        subscriber_id=case.subscriber_id,
        mail_id=None,
        case_id=case.id,
        owner=writing.owner,
        subject=payload[WRITTEN]["subject"],
        text=writing.text,
    )
    record_answer(connection, new, now)
    return row


def _check_text(connection: Connection, writing: Writing, subscriber_id: int) -> None:
    text = writing.text.strip()
    if not text:
        raise NotToBeSent("the answer is empty", hint="nothing was sent; write it and try again")
    if len(text) > LONGEST_TEXT:
        raise NotToBeSent(f"the answer is longer than {LONGEST_TEXT:,} characters")
    if was_written_to_another(connection, text, subscriber_id):
        raise NotToBeSent(
            "another person got exactly this text, and this is a letter to one person",
            hint="say one thing that is about this letter alone",
        )
    phrases = find_phrases(text)
    if phrases and not writing.accepts_phrases:
        quoted = ", ".join(f"“{phrase}”" for phrase in phrases)
        raise ConfirmationNeeded(
            f"a customer must never hear: {quoted}",
            hint="write it in another way; if you quote it, add --yes",
        )


def _lock(connection: Connection, letter_id: int) -> None:
    """One at a time: two at once would both answer."""
    row = sa.select(desk_letter.c.mail_id).where(desk_letter.c.mail_id == letter_id)
    connection.execute(row.with_for_update())


def _writer(connection: Connection, letter: DeskLetter, campaign: Campaign, now: datetime) -> int:
    """Who wrote it: a subscriber, or a contact on no list, made for the answer."""
    if letter.subscriber_id is not None:
        return letter.subscriber_id
    key = normalise_or_none(letter.email)
    if key is None:
        raise NotToBeSent(f"{letter.email!r} is no address that an answer can go to")
    zone = campaign.timezone
    subscriber_id = ensure_contact(connection, letter.email, key, letter.name[:100], zone, now)
    connection.execute(
        sa.update(desk_letter)
        .where(desk_letter.c.mail_id == letter.id)
        .values(subscriber_id=subscriber_id)
    )
    return subscriber_id


def _letter_of(connection: Connection, mail_id: int | None) -> sa.Row[Any] | None:
    if mail_id is None:
        return None
    columns = (incoming_mail.c.subject, incoming_mail.c.message_id, incoming_mail.c.references)
    rows: sa.Result[Any] = connection.execute(
        sa.select(*columns).where(incoming_mail.c.id == mail_id)
    )
    return rows.first()
