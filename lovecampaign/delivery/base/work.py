"""Which email is being sent, and which batch of it?"""

from __future__ import annotations

from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.render.model.content import Content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.ledger.campaigns import CampaignRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailJob:
    """An email that is being sent: what it says, and where it stands in the ledger."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    content: Content
    renderer: EmailRenderer
    addressing: RecipientBuilder
    #: Whether copies went out before this pass.
    is_frozen: bool

    @property
    def email_id(self) -> int:
        return self.record.email_ids[self.email.key]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHandle:
    """A batch as it was handed out; an older epoch than the ledger's finds nothing to claim."""

    id: int
    epoch: int
