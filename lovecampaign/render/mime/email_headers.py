"""What stands around an email's bodies for one person: addresses, headers, dates and names?"""

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
    """Addresses one email of a campaign; raises RenderError for what mail cannot carry."""

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
        person = recipient.subscriber
        return ascii_address(person.email, f"{person.first_name} {person.last_name}")

    def subject(self, recipient: Recipient, subject: str) -> str:
        return TEST_MARK + subject if recipient.is_test else subject

    def headers(self, recipient: Recipient) -> Mapping[str, str]:
        """What a message carries beyond addresses, subject and date."""
        if self._email.role is Role.CONFIRM:
            return confirmation_headers(recipient)
        return self._campaign_headers.of(recipient)

    def draft(self, recipient: Recipient, subject: str, text: bytes, html: bytes) -> MimeMessage:
        """Everything that a message says, from its quoted bodies."""
        return MimeMessage(
            addresses={"From": self.sender, "Reply-To": self.reply_to, "To": self.to(recipient)},
            subject=self.subject(recipient, subject),
            date=recipient.first_claimed_at,
            message_id=message_id(self._campaign, recipient),
            headers=self.headers(recipient),
            text=text,
            html=html,
            delivery_id=recipient.delivery_id,
        )
