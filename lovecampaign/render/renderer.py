"""What does one person get? Content and a recipient → a message ready for a provider."""

from __future__ import annotations

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.message import Message
from lovecampaign.render.fast.fast_path import Fallback, FastPath
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.plain_path import PlainPath


class EmailRenderer:
    """Renders one email of a campaign for one person after another; safe between threads.

    Takes the fast path where the email allows it, and the plain path everywhere else: what
    comes out is the same, byte for byte. ``media_url`` is where local pictures are served; links
    arrive ready in the recipient.
    """

    def __init__(
        self,
        campaign: Campaign,
        email: Email,
        content: Content,
        *,
        media_url: str,
    ) -> None:
        self._plain = PlainPath(campaign, email, content, media_url)
        self._fast = FastPath(self._plain, content)

    @property
    def fallback(self) -> Fallback | None:
        """Why people so far had to take the plain path; None as long as nobody had to."""
        return self._fast.fallback

    def render(self, recipient: Recipient) -> Message:
        """The message for one person, the same bytes every time; raises RenderError."""
        return self._fast.render(recipient) or self._plain.render(recipient)
