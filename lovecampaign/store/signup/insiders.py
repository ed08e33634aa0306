"""Join the insiders (the advance-notification list) out of a letter.

The subscriber is confirmed already, and the letter reached them: no second confirmation follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.signup.confirm import RequestOrigin, log_confirmed_consent
from lovecampaign.store.subscribers.memberships import confirm_membership, is_mailable_member
from lovecampaign.store.subscribers.suppressions import lift_suppressions, suppression_conditions
from lovecampaign.store.tables import suppression


class InsiderStatus(Enum):
    """A subscriber's status on the advance-notification list."""

    OPEN = "open"  #: the button joins
    MEMBER = "member"
    TOO_LATE = "too-late"  #: after ``insiders.until``
    NO_READER = "no-reader"  #: not subscribed: the form asks for a confirmation
    NONE = "none"  #: the campaign has no such list


@dataclass(frozen=True, slots=True, kw_only=True)
class InsiderConsent:
    """What was agreed to, in which words, and from where."""

    text: str
    version: str
    locale: str
    origin: RequestOrigin


def read_insider_status(
    connection: Connection, campaign: Campaign, letter: DeliveryRecord, now: datetime
) -> InsiderStatus:
    """The status, which decides whether the button joins."""
    insiders = campaign.insiders
    if insiders is None:
        return InsiderStatus.NONE
    if is_mailable_member(connection, letter.subscriber_id, insiders.list, campaign.id, now):
        return InsiderStatus.MEMBER
    if now >= insiders.until:
        return InsiderStatus.TOO_LATE
    is_subscribed = is_mailable_member(
        connection, letter.subscriber_id, campaign.audience.list, campaign.id, now
    )
    is_suppressed = _is_suppressed(connection, letter.address_key, insiders.list, campaign.id)
    return InsiderStatus.OPEN if is_subscribed and not is_suppressed else InsiderStatus.NO_READER


def join_insiders(
    connection: Connection,
    campaign: Campaign,
    letter: DeliveryRecord,
    agreement: InsiderConsent,
    now: datetime,
) -> InsiderStatus:
    """Join the list if the status is OPEN; returns the status before. Repeating is harmless."""
    status = read_insider_status(connection, campaign, letter, now)
    if status is InsiderStatus.OPEN and campaign.insiders is not None:
        name = campaign.insiders.list
        log_confirmed_consent(
            connection,
            agreement.origin,
            now,
            subscriber_id=letter.subscriber_id,
            list=name,
            given_at=now,
            source=f"letter {letter.email_key}",
            text_version=agreement.version,
            text=agreement.text,
            ip=agreement.origin.ip,
            user_agent=agreement.origin.user_agent,
            locale=agreement.locale,
        )
        confirm_membership(connection, name, letter.subscriber_id, now)
        is_theirs = suppression.c.address_key == letter.address_key
        lift_suppressions(connection, now, is_theirs, _has_unsubscribed(name))
    return status


def _is_suppressed(connection: Connection, key: str, list_name: str, campaign_key: str) -> bool:
    """By anything but an unsubscribe from that very list, which joining again lifts."""
    statement = sa.select(sa.literal(1)).where(
        *suppression_conditions(key, list_name, campaign_key), sa.not_(_has_unsubscribed(list_name))
    )
    return connection.scalar(statement.limit(1)) is not None


def _has_unsubscribed(list_name: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        suppression.c.list == list_name,
        suppression.c.reason == SuppressionReason.UNSUBSCRIBED.value,
    )
