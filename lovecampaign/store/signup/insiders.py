"""A reader joins the insiders out of a letter: may they, and what is written down?

They are known and confirmed, and the letter reached them: no second confirmation is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import ConsentKind, SuppressionReason
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.ledger.finding_deliveries import DeliveryRecord
from lovecampaign.store.signup.confirm import RequestOrigin, confirm_membership
from lovecampaign.store.signup.request import is_mailable_member
from lovecampaign.store.subscribers.suppressions import suppression_conditions
from lovecampaign.store.tables import consent, suppression


class InsiderStatus(Enum):
    """How a reader stands to the advance-notification list."""

    OPEN = "open"  #: the button joins
    MEMBER = "member"
    TOO_LATE = "too-late"  #: after ``insiders.until``
    NO_READER = "no-reader"  #: left, or never confirmed: the form asks for a confirmation
    NONE = "none"  #: the campaign has no such list


@dataclass(frozen=True, slots=True, kw_only=True)
class InsiderConsent:
    """What was agreed to, in which words, and from where."""

    text: str
    version: str
    locale: str
    proof: RequestOrigin


def read_insider_status(
    connection: Connection, campaign: Campaign, found: DeliveryRecord, now: datetime
) -> InsiderStatus:
    """What the button would do."""
    insiders = campaign.insiders
    if insiders is None:
        return InsiderStatus.NONE
    if is_mailable_member(connection, found.subscriber_id, insiders.list, campaign.id, now):
        return InsiderStatus.MEMBER
    if now >= insiders.until:
        return InsiderStatus.TOO_LATE
    is_reader = is_mailable_member(
        connection, found.subscriber_id, campaign.audience.list, campaign.id, now
    )
    is_kept_out = _is_kept_out(connection, found.address_key, insiders.list, campaign.id)
    return InsiderStatus.OPEN if is_reader and not is_kept_out else InsiderStatus.NO_READER


def join_insiders(
    connection: Connection,
    campaign: Campaign,
    found: DeliveryRecord,
    agreement: InsiderConsent,
    now: datetime,
) -> InsiderStatus:
    """Do what the button says; returns how they stood before. Twice is once."""
    standing = read_insider_status(connection, campaign, found, now)
    if standing is InsiderStatus.OPEN and campaign.insiders is not None:
        name = campaign.insiders.list
        _log_consent(connection, name, found, agreement, now)
        confirm_membership(connection, name, found.subscriber_id, now)
        _lift_leaving(connection, found.address_key, name, now)
    return standing


def _is_kept_out(connection: Connection, key: str, list_name: str, campaign_key: str) -> bool:
    """By anything but having left that very list before: who comes back by themselves may."""
    statement = sa.select(sa.literal(1)).where(
        *suppression_conditions(key, list_name, campaign_key),
        sa.not_(
            sa.and_(
                suppression.c.list == list_name,
                suppression.c.reason == SuppressionReason.UNSUBSCRIBED.value,
            )
        ),
    )
    return connection.scalar(statement.limit(1)) is not None


def _log_consent(
    connection: Connection,
    list_name: str,
    found: DeliveryRecord,
    agreement: InsiderConsent,
    now: datetime,
) -> None:
    proof = agreement.proof
    connection.execute(
        sa.insert(consent).values(
            subscriber_id=found.subscriber_id,
            list=list_name,
            kind=ConsentKind.EXPRESS.value,
            given_at=now,
            source=f"letter {found.email_key}",
            text_version=agreement.version,
            text=agreement.text,
            ip=proof.ip,
            user_agent=proof.user_agent,
            locale=agreement.locale,
            confirmed_at=now,
            confirmed_ip=proof.ip,
            confirmed_user_agent=proof.user_agent,
            recorded_at=now,
        )
    )


def _lift_leaving(connection: Connection, key: str, list_name: str, now: datetime) -> None:
    connection.execute(
        sa.update(suppression)
        .where(
            suppression.c.address_key == key,
            suppression.c.list == list_name,
            suppression.c.reason == SuppressionReason.UNSUBSCRIBED.value,
            suppression.c.lifted_at.is_(None),
        )
        .values(lifted_at=now)
    )
