"""Addresses, subject and header fields of one email's messages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.message import Address
from lovecampaign.render.mime.headers import (
    CampaignHeaders,
    ascii_address,
    confirmation_headers,
    message_id,
)
from lovecampaign.render.mime.write import MimeMessage
from lovecampaign.render.model.recipient import Recipient

TEST_MARK = "[Test] "


class EmailHeaders:
    """The headers of one email, per recipient; raises RenderError for what mail cannot carry."""

    def __init__(self, campaign: Campaign, email: Email) -> None:
        self._campaign = campaign
        self._email = email

    @cached_property
    def sender(self) -> Address:
        return ascii_address(self._campaign.sender.email, self._campaign.sender.name)

    @cached_property
    def reply_to(self) -> Address:
        return ascii_address(self._campaign.sender.reply_to)

    @cached_property
    def _campaign_headers(self) -> CampaignHeaders:
        return CampaignHeaders(self._campaign, self._email.key)

    def to(self, recipient: Recipient) -> Address:
        subscriber = recipient.subscriber
        return ascii_address(subscriber.email, f"{subscriber.first_name} {subscriber.last_name}")

    def fields(self, recipient: Recipient) -> Mapping[str, str]:
        """Header fields beyond addresses, subject and date."""
        if self._email.role is Role.CONFIRM:
            return confirmation_headers(recipient)
        return self._campaign_headers.of(recipient)

    def message(self, recipient: Recipient, subject: str, text: bytes, html: bytes) -> MimeMessage:
        """A message with these quoted bodies."""
        return MimeMessage(
            addresses={"From": self.sender, "Reply-To": self.reply_to, "To": self.to(recipient)},
            subject=TEST_MARK + subject if recipient.is_test else subject,
            date=recipient.first_claimed_at,
            message_id=message_id(self._campaign, recipient),
            headers=self.fields(recipient),
            text=text,
            html=html,
            delivery_id=recipient.delivery_id,
        )
