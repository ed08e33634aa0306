"""Resolves the signed token of an email's link to its delivery and campaign."""

from __future__ import annotations

from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.base.recipient_builder import TEST_TOKEN
from lovecampaign.store.ledger.lookup import DeliveryRecord, find_delivery
from lovecampaign.web.serve.handler.request_context import (
    LinkFromTestMessage,
    NotFound,
    RequestContext,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """A resolved link."""

    purpose: Purpose
    delivery: DeliveryRecord
    campaign: Campaign

    @property
    def email(self) -> Email | None:
        """None where the author has removed the email since."""
        return self.campaign.find_email(self.delivery.email_key)


def open_link(context: RequestContext, *purposes: Purpose) -> OpenedLink:
    """Resolves the path's ``token``; raises LinkFromTestMessage and NotFound."""
    purpose, number = read_token(context, *purposes)
    return load_link(context, purpose, number)


def load_link(context: RequestContext, purpose: Purpose, number: int) -> OpenedLink:
    """Resolves a token's number, once it was verified; raises NotFound."""
    with context.site.database.read() as connection:
        delivery = find_delivery(connection, number)
    campaign = context.site.campaigns.by_key(delivery.campaign_key) if delivery else None
    if delivery is None or delivery.is_forgotten or campaign is None:
        raise NotFound
    return OpenedLink(purpose=purpose, delivery=delivery, campaign=campaign)


def read_token(
    context: RequestContext, *purposes: Purpose, retired_too: bool = False
) -> tuple[Purpose, int]:
    """The number in the path's ``token``, and the first purpose that it was signed for.

    Raises LinkFromTestMessage and NotFound. ``retired_too`` is for unsubscribing alone: retired
    keys remain valid there.
    """
    token = context.part("token")
    if token == TEST_TOKEN:
        raise LinkFromTestMessage
    for purpose in purposes:
        number = context.site.signer.verify(purpose, token, retired_too=retired_too)
        if number is not None:
            return purpose, number
    raise NotFound
