"""The entrance to rendering: content and a recipient become a message for a provider."""

from __future__ import annotations

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.message import Message
from lovecampaign.render.fast.fast_path import Fallback, FastPath
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.recipient import Recipient
from lovecampaign.render.plain.plain_path import PlainPath


class EmailRenderer:
    """Renders one email of a campaign for many recipients; safe between threads.

    Takes the fast path if the email allows it, else the plain path: the result is the same, byte
    for byte. ``media_url`` is where local pictures are served. A caller that reports the fallback
    itself turns ``logs_fallback`` off.
    """

    def __init__(
        self,
        campaign: Campaign,
        email: Email,
        content: Content,
        *,
        media_url: str,
        logs_fallback: bool = True,
    ) -> None:
        self.plain = PlainPath(campaign, email, content, media_url)
        self._fast = FastPath(self.plain, content, logs_fallback=logs_fallback)

    @property
    def fallback(self) -> Fallback | None:
        """Why recipients take the plain path; None as long as none had to."""
        return self._fast.fallback

    def render(self, recipient: Recipient) -> Message:
        """The message for one recipient, the same bytes every time; raises RenderError."""
        return self._fast.render(recipient) or self.plain.render(recipient)
