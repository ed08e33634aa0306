"""Confirm a sign-up (double opt-in): log the consent, confirm the membership, lift suppressions.

The consent is logged whole: what was agreed to, in which words, when, where and how, and when it
was confirmed. Suppressions that a subscriber ends by returning are lifted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import ConsentKind, SuppressionReason
from lovecampaign.core.tokens import RowKey
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.transactional_mail import (
    TransactionalKind,
    TransactionalMail,
    find_transactional,
    mark_used,
)
from lovecampaign.store.signup.request import SignupForm
from lovecampaign.store.subscribers.erasure import lift_forgotten
from lovecampaign.store.subscribers.memberships import confirm_membership, is_mailable_member
from lovecampaign.store.subscribers.suppressions import (
    EVERY_CAMPAIGN,
    EVERY_LIST,
    PERMANENT_REASONS,
    lift_suppressions,
    suppression_conditions,
)
from lovecampaign.store.tables import consent, membership, subscriber, suppression

#: ``consent.source``.
SOURCE = "form"


class ConfirmationState(Enum):
    """The state of a confirmation link."""

    OPEN = "open"  #: the button confirms
    DONE = "done"  #: confirmed already
    EXPIRED = "expired"  #: too old: a new one is needed
    LEFT = "left"  #: unsubscribed or suppressed since


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A confirmation link that was opened."""

    transactional_id: int
    subscriber_id: int
    #: The campaign's row.
    campaign_id: int | None
    address: str
    #: The normalised address.
    key: str
    form: SignupForm
    asked_at: datetime
    state: ConfirmationState


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """The client that a confirmation came from."""

    ip: str = ""
    user_agent: str = ""


def find_confirmation(connection: Connection, key: RowKey, now: datetime) -> Confirmation | None:
    """The state of a link, read without a change; None where it is no confirmation any more."""
    asked = find_transactional(connection, key)
    return _read(connection, asked, now) if asked else None


def confirm(
    connection: Connection, key: RowKey, origin: RequestOrigin, now: datetime
) -> Confirmation | None:
    """Confirm, in the caller's transaction; returns the link as it was before.

    Only an OPEN one changes anything: repeating is harmless.
    """
    asked = find_transactional(connection, key, for_update=True)
    confirmation = _read(connection, asked, now) if asked else None
    if confirmation is not None and confirmation.state is ConfirmationState.OPEN:
        mark_used(connection, confirmation.transactional_id, now)
        form = confirmation.form
        log_confirmed_consent(
            connection,
            origin,
            now,
            subscriber_id=confirmation.subscriber_id,
            list=form.list,
            given_at=confirmation.asked_at,
            source=SOURCE,
            text_version=form.consent_version,
            text=form.consent_text,
            form_url=form.form_url,
            ip=form.ip,
            user_agent=form.user_agent,
            locale=form.locale,
        )
        confirm_membership(connection, form.list, confirmation.subscriber_id, now)
        _save_form_values(connection, confirmation, now)
        # They asked by themselves, and the message reached them.
        lift_forgotten(connection, confirmation.key)
        _keep_other_lists_unsubscribed(connection, confirmation)
        lift_suppressions(
            connection, now, *suppression_conditions(confirmation.key, form.list, None)
        )
    return confirmation


def log_confirmed_consent(
    connection: Connection, origin: RequestOrigin, now: datetime, **values: object
) -> None:
    """Add an express consent that was confirmed now; ``values`` are the other columns."""
    connection.execute(
        sa.insert(consent).values(
            kind=ConsentKind.EXPRESS.value,
            confirmed_at=now,
            confirmed_ip=origin.ip,
            confirmed_user_agent=origin.user_agent,
            recorded_at=now,
            **values,
        )
    )


def _read(connection: Connection, asked: TransactionalMail, now: datetime) -> Confirmation | None:
    if asked.kind is not TransactionalKind.CONFIRM or not asked.payload:
        return None
    row = connection.execute(
        sa.select(subscriber.c.email, subscriber.c.address_key).where(
            subscriber.c.id == asked.subscriber_id
        )
    ).one()
    form = SignupForm.from_payload(asked.payload)
    return Confirmation(
        transactional_id=asked.id,
        subscriber_id=asked.subscriber_id,
        campaign_id=asked.campaign_id,
        address=row.email,
        key=row.address_key,
        form=form,
        asked_at=asked.created_at,
        state=_find_state(connection, asked, form.list, row.address_key, now),
    )


def _find_state(
    connection: Connection, asked: TransactionalMail, list_name: str, key: str, now: datetime
) -> ConfirmationState:
    if _is_suppressed(connection, asked, list_name, key):
        return ConfirmationState.LEFT
    if asked.used_at is not None:
        is_on = is_mailable_member(connection, asked.subscriber_id, list_name, EVERY_CAMPAIGN, now)
        return ConfirmationState.DONE if is_on else ConfirmationState.LEFT
    if _is_confirmed_since(connection, asked, list_name, now):
        return ConfirmationState.DONE
    return ConfirmationState.OPEN if asked.is_valid(now) else ConfirmationState.EXPIRED


def _is_confirmed_since(
    connection: Connection, asked: TransactionalMail, list_name: str, now: datetime
) -> bool:
    """By the link of another message, after this one was requested."""
    confirmed = sa.exists().where(
        consent.c.subscriber_id == asked.subscriber_id,
        consent.c.list == list_name,
        consent.c.source == SOURCE,
        consent.c.confirmed_at >= asked.created_at,
    )
    return bool(connection.scalar(sa.select(confirmed))) and is_mailable_member(
        connection, asked.subscriber_id, list_name, EVERY_CAMPAIGN, now
    )


def _is_suppressed(
    connection: Connection, asked: TransactionalMail, list_name: str, key: str
) -> bool:
    """By a suppression that is younger than the link, or that only the operator lifts."""
    statement = sa.select(sa.literal(1)).where(
        *suppression_conditions(key, list_name, None),
        sa.or_(
            suppression.c.at > asked.created_at,
            suppression.c.reason.in_([reason.value for reason in PERMANENT_REASONS]),
        ),
        # The message may have bounced at first and arrived later: its link was read.
        suppression.c.reason.not_in(
            [SuppressionReason.HARD_BOUNCE.value, SuppressionReason.SOFT_BOUNCES.value]
        ),
    )
    return connection.scalar(statement.limit(1)) is not None


def _save_form_values(connection: Connection, confirmation: Confirmation, now: datetime) -> None:
    """An empty field never erases."""
    names = ("first_name", "timezone", "locale")
    values = {name: value for name in names if (value := getattr(confirmation.form, name))}
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == confirmation.subscriber_id)
        .values(**values, updated_at=now, last_active_at=now)
    )


def _keep_other_lists_unsubscribed(connection: Connection, confirmation: Confirmation) -> None:
    """An unsubscribe from all lists still holds for those that were not rejoined."""
    rows = (
        sa.select(
            suppression.c.address_key,
            membership.c.list,
            suppression.c.reason,
            sa.literal("left every list before"),
            suppression.c.at,
        )
        .select_from(suppression.join(membership, sa.true()))
        .where(
            suppression.c.address_key == confirmation.key,
            suppression.c.list == EVERY_LIST,
            suppression.c.reason == SuppressionReason.UNSUBSCRIBED.value,
            suppression.c.lifted_at.is_(None),
            membership.c.subscriber_id == confirmation.subscriber_id,
            membership.c.list != confirmation.form.list,
        )
    )
    names = ["address_key", "list", "reason", "source", "at"]
    connection.execute(insert_or_ignore(connection, suppression).from_select(names, rows))
