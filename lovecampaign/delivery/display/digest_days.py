"""The days that a sent email contained: a catch-up's digest, or the email of the day in a welcome.

Not stored, but computed again from what was frozen and cancelled at that time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.delivery.transactional.welcome_days import (
    WelcomeRecipientBuilder,
    find_recent_days,
)
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.ledger.campaigns import list_cancelled, read_campaign
from lovecampaign.store.ledger.frozen_content import FrozenContent
from lovecampaign.store.ledger.lookup import find_delivery_of
from lovecampaign.store.sending.claimed import Member, read_members
from lovecampaign.store.tables import DeliveryState

_NO_SIGNER = TokenSigner(("nothing is signed here",))


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedDays:
    """The days inside one email, in order."""

    keys: tuple[str, ...] = ()
    #: Their content, where the email's own frozen content does not contain it (welcome).
    contents: Mapping[str, FrozenContent] = field(default_factory=dict)


def find_days_in_welcome(
    connection: Connection, campaign: Campaign, subscriber_id: int
) -> tuple[str, ...]:
    """The days in a subscriber's welcome; none where it was not sent."""
    record = read_campaign(connection, campaign.id)
    welcome = next((one for one in campaign.emails if one.role is Role.WELCOME), None)
    if record is None or welcome is None or welcome.key not in record.email_ids:
        return ()
    found = find_delivery_of(connection, record.email_ids[welcome.key], subscriber_id)
    if found is None or found.state is not DeliveryState.SENT or found.claimed_at is None:
        return ()
    standing = Eligibility(
        campaign=campaign, email=welcome, campaign_id=record.id, now=found.claimed_at
    )
    person = read_members(connection, standing, [subscriber_id])[subscriber_id]
    return find_included_days(connection, campaign, welcome, person, found.claimed_at).keys


def find_included_days(
    connection: Connection, campaign: Campaign, email: Email, person: Member, claimed_at: datetime
) -> IncludedDays:
    """The days in ``email`` as sent to ``person`` at ``claimed_at``."""
    record = read_campaign(connection, campaign.id)
    if record is None or email.role not in (Role.CATCH_UP, Role.WELCOME):
        return IncludedDays()
    cancelled = list_cancelled(connection, record.id, claimed_at)
    recipient_builder = RecipientBuilder(
        campaign=campaign,
        email=email,
        signer=_NO_SIGNER,
        public_url="",
        founders_until=record.first_claim_at,
        cancelled=cancelled,
    )
    if email.role is Role.CATCH_UP:
        return IncludedDays(keys=recipient_builder.digest(person))
    contents = find_recent_days(connection, campaign, record.email_ids, claimed_at)
    keys = WelcomeRecipientBuilder.of(recipient_builder, contents).digest(person)
    return IncludedDays(keys=keys, contents={key: contents[key] for key in keys})
