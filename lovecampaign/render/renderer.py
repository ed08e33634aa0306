"""The entrance to rendering: content and a recipient become a message for a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.core.lru import LruCache
from lovecampaign.core.message import Message
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.recipient import Recipient

if TYPE_CHECKING:
    from lovecampaign.render.fast.fast_path import Fallback

#: Choices of a language that are cached: few languages are asked for.
_CACHED_CHOICES = 64


class EmailRenderer:
    """Renders one email of a campaign for many recipients; safe between threads.

    Each recipient gets it in their language, by a renderer of its own: its words, frame, dates and
    variants are that language's.

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
        # Jinja, Markdown and MJML, 0.2 s: a pass with nothing due needs none of them.
        from lovecampaign.render.fast.fast_path import FastPath
        from lovecampaign.render.plain.plain_path import PlainPath

        first = content.language or campaign.language
        campaign = campaign.in_language(first)
        self.plain = PlainPath(campaign, email, content, media_url)
        self._fast = FastPath(self.plain, content, logs_fallback=logs_fallback)
        self._others = {
            language: EmailRenderer(
                campaign.in_language(language),
                email.translations.get(language, email),
                translated,
                media_url=media_url,
                logs_fallback=logs_fallback,
            )
            for language, translated in content.translations.items()
        }
        self._languages = (first, *self._others)
        self._chosen: LruCache[str | None, EmailRenderer] = LruCache(_CACHED_CHOICES)

    @property
    def prints_heroes(self) -> bool:
        """Whether messages may print heroes, who are read for each claim then."""
        return any(each.plain.composer.prints_heroes for each in (self, *self._others.values()))

    @property
    def prints_progress(self) -> bool:
        """The same for the progress of each subscriber."""
        return any(each.plain.composer.prints_progress for each in (self, *self._others.values()))

    @property
    def prints_giving(self) -> bool:
        """The same for what each subscriber was given and asked."""
        return any(each.plain.composer.prints_giving for each in (self, *self._others.values()))

    @property
    def fallback(self) -> Fallback | None:
        """Why recipients take the plain path; None as long as none had to."""
        return self._fast.fallback

    def render(self, recipient: Recipient) -> Message:
        """The message for one recipient, the same bytes every time; raises RenderError."""
        if self._others:
            chosen = self._chosen.get(recipient.subscriber.language, self._choose)
            if chosen is not self:
                return chosen.render(recipient)
        return self._fast.render(recipient) or self.plain.render(recipient)

    def _choose(self, language: str | None) -> EmailRenderer:
        return self._others.get(choose_language(self._languages, language), self)
