"""Somebody presses the button of a confirmation: is it good, and what does it change?

The consent is written down whole (what was agreed to, in which words, when, where and how, and
when it was confirmed), the place on the list begins to count, and suppressions that a person
ends by coming back themselves are lifted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import ConsentKind, SuppressionReason
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.transactional_mail import (
    TransactionalKind,
    TransactionalMail,
    find_transactional,
    mark_used,
)
from lovecampaign.store.signup.request import SignupForm, is_mailable_member
from lovecampaign.store.subscribers.erasure import lift_forgotten
from lovecampaign.store.subscribers.suppressions import (
    EVERY_CAMPAIGN,
    PERMANENT_REASONS,
    suppression_conditions,
)
from lovecampaign.store.tables import consent, membership, subscriber, suppression

#: Where the consent log says that it came from.
SOURCE = "form"


class ConfirmationState(Enum):
    """What a confirmation's link is worth at this moment."""

    OPEN = "open"  #: the button confirms
    DONE = "done"  #: they are on the list already
    EXPIRED = "expired"  #: too old: ask for a new one
    LEFT = "left"  #: they left since, or are kept out: an old link brings nobody back


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A link that was opened."""

    transactional_id: int
    subscriber_id: int
    #: The campaign's row.
    campaign_id: int | None
    address: str
    #: The normalised address.
    key: str
    application: SignupForm
    asked_at: datetime
    state: ConfirmationState


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """From where a confirmation came."""

    ip: str = ""
    user_agent: str = ""


def find_confirmation(
    connection: Connection, transactional_id: int, now: datetime
) -> Confirmation | None:
    """What a link is worth, changing nothing; None where it belongs to nobody any more."""
    asked = find_transactional(connection, transactional_id)
    return _read(connection, asked, now) if asked else None


def confirm(
    connection: Connection, transactional_id: int, proof: RequestOrigin, now: datetime
) -> Confirmation | None:
    """Do what the button says, in the caller's transaction; returns what the link was worth.

    Only an OPEN one changes anything: pressing twice is pressing once.
    """
    asked = find_transactional(connection, transactional_id, for_update=True)
    found = _read(connection, asked, now) if asked else None
    if found is not None and found.state is ConfirmationState.OPEN:
        mark_used(connection, transactional_id, now)
        _log_consent(connection, found, proof, now)
        confirm_membership(connection, found.application.list, found.subscriber_id, now)
        _note_what_was_typed(connection, found, now)
        _let_back_in(connection, found, now)
    return found


def confirm_membership(
    connection: Connection, list_name: str, subscriber_id: int, now: datetime
) -> None:
    """Put a person on a list, confirmed. Joining is confirming: ``late_joiners`` counts from
    here. Who comes back stays who they were: a founder is no late joiner.
    """
    is_theirs = (membership.c.list == list_name, membership.c.subscriber_id == subscriber_id)
    connection.execute(
        insert_or_ignore(connection, membership).values(
            list=list_name, subscriber_id=subscriber_id, joined_at=now
        )
    )
    connection.execute(
        sa.update(membership)
        .where(*is_theirs, membership.c.confirmed_at.is_(None))
        .values(joined_at=now)
    )
    connection.execute(
        sa.update(membership).where(*is_theirs).values(confirmed_at=now, consent_expires_at=None)
    )


def _read(connection: Connection, asked: TransactionalMail, now: datetime) -> Confirmation | None:
    if asked.kind is not TransactionalKind.CONFIRM or not asked.payload:
        return None
    person = connection.execute(
        sa.select(subscriber.c.email, subscriber.c.address_key).where(
            subscriber.c.id == asked.subscriber_id
        )
    ).one()
    application = SignupForm.from_payload(asked.payload)
    return Confirmation(
        transactional_id=asked.id,
        subscriber_id=asked.subscriber_id,
        campaign_id=asked.campaign_id,
        address=person.email,
        key=person.address_key,
        application=application,
        asked_at=asked.created_at,
        state=_judge(connection, asked, application.list, person.address_key, now),
    )


def _judge(
    connection: Connection, asked: TransactionalMail, list_name: str, key: str, now: datetime
) -> ConfirmationState:
    if _is_kept_out(connection, asked, list_name, key):
        return ConfirmationState.LEFT
    if asked.used_at is not None:
        is_on = is_mailable_member(connection, asked.subscriber_id, list_name, EVERY_CAMPAIGN, now)
        return ConfirmationState.DONE if is_on else ConfirmationState.LEFT
    return ConfirmationState.OPEN if asked.is_good(now) else ConfirmationState.EXPIRED


def _is_kept_out(
    connection: Connection, asked: TransactionalMail, list_name: str, key: str
) -> bool:
    """By a suppression that is younger than the link, or that only the operator lifts."""
    statement = sa.select(sa.literal(1)).where(
        *suppression_conditions(key, list_name, None),
        sa.or_(
            suppression.c.at > asked.created_at,
            suppression.c.reason.in_([reason.value for reason in PERMANENT_REASONS]),
        ),
        # The mail itself may have bounced at first and arrived later: the link was read.
        suppression.c.reason.not_in(
            [SuppressionReason.HARD_BOUNCE.value, SuppressionReason.SOFT_BOUNCES.value]
        ),
    )
    return connection.scalar(statement.limit(1)) is not None


def _log_consent(
    connection: Connection, found: Confirmation, proof: RequestOrigin, now: datetime
) -> None:
    application = found.application
    connection.execute(
        sa.insert(consent).values(
            subscriber_id=found.subscriber_id,
            list=application.list,
            kind=ConsentKind.EXPRESS.value,
            given_at=found.asked_at,
            source=SOURCE,
            text_version=application.consent_version,
            text=application.consent_text,
            form_url=application.form_url,
            ip=application.ip,
            user_agent=application.user_agent,
            locale=application.locale,
            confirmed_at=now,
            confirmed_ip=proof.ip,
            confirmed_user_agent=proof.user_agent,
            recorded_at=now,
        )
    )


def _note_what_was_typed(connection: Connection, found: Confirmation, now: datetime) -> None:
    """An empty field never erases."""
    application = found.application
    typed = {
        "first_name": application.first_name,
        "timezone": application.timezone,
        "locale": application.locale,
    }
    values = {name: value for name, value in typed.items() if value}
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == found.subscriber_id)
        .values(**values, updated_at=now, last_active_at=now)
    )


def _let_back_in(connection: Connection, found: Confirmation, now: datetime) -> None:
    """They asked by themselves, and the letter reached them."""
    lift_forgotten(connection, found.key)
    _narrow_leaving_everything(connection, found)
    connection.execute(
        sa.update(suppression)
        .where(*suppression_conditions(found.key, found.application.list, None))
        .values(lifted_at=now)
    )


def _narrow_leaving_everything(connection: Connection, found: Confirmation) -> None:
    """Who left every list and comes back to one has still left the others."""
    left_all = sa.select(suppression.c.at).where(
        suppression.c.address_key == found.key,
        suppression.c.list == "",
        suppression.c.reason == SuppressionReason.UNSUBSCRIBED.value,
        suppression.c.lifted_at.is_(None),
    )
    left_at = connection.scalar(left_all)
    if left_at is None:
        return
    others = connection.scalars(
        sa.select(membership.c.list).where(
            membership.c.subscriber_id == found.subscriber_id,
            membership.c.list != found.application.list,
        )
    ).all()
    for name in others:
        connection.execute(
            insert_or_ignore(connection, suppression).values(
                address_key=found.key,
                list=name,
                reason=SuppressionReason.UNSUBSCRIBED.value,
                source="left every list before",
                at=left_at,
            )
        )
