"""Whose link was opened? From the token of a mail to its delivery and campaign."""

from __future__ import annotations

from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.base.recipient_builder import TEST_TOKEN
from lovecampaign.store.ledger.lookup import DeliveryRecord, find_delivery
from lovecampaign.web.serve.handler.handler import NotFound, OnlyATest, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a link of a mail leads to."""

    purpose: Purpose
    delivery: DeliveryRecord
    campaign: Campaign

    @property
    def email(self) -> Email | None:
        """None where the author has taken the email out since."""
        return self.campaign.find_email(self.delivery.email_key)


def open_link(visit: Visit, *purposes: Purpose) -> Opened:
    """What the path's ``token`` leads to; the first of the purposes that it was made for.

    Raises OnlyATest and NotFound.
    """
    purpose, number = read_token(visit, *purposes)
    return find_opened(visit, purpose, number)


def find_opened(visit: Visit, purpose: Purpose, number: int) -> Opened:
    """What a token's number leads to, once it was read; raises NotFound."""
    with visit.site.database.read() as connection:
        delivery = find_delivery(connection, number)
    campaign = visit.site.campaigns.by_key(delivery.campaign_key) if delivery else None
    if delivery is None or delivery.is_forgotten or campaign is None:
        raise NotFound
    return Opened(purpose=purpose, delivery=delivery, campaign=campaign)


def read_token(visit: Visit, *purposes: Purpose, retired_too: bool = False) -> tuple[Purpose, int]:
    """The purpose and number of the path's ``token``; raises OnlyATest and NotFound.

    ``retired_too`` is for leaving alone: keys that are out of use still let people go.
    """
    token = visit.part("token")
    if token == TEST_TOKEN:
        raise OnlyATest
    for purpose in purposes:
        number = visit.site.signer.verify(purpose, token, retired_too=retired_too)
        if number is not None:
            return purpose, number
    raise NotFound
