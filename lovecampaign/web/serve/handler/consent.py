"""To what does somebody agree who joins a list? The one place where the words come from.

A version is the hash of the words as they were shown. A form carries the version that its reader
saw, so that nobody is held to words that were changed meanwhile.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.web.serve.content.i18n import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """What is agreed to, and which version of it."""

    text: str

    @property
    def version(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def consent_text(wording: Wording, campaign: Campaign, list_name: str) -> ConsentText:
    """In the reader's language, for the letters or for the early invitation."""
    is_for_insiders = list_name != campaign.audience.list
    key = "join.consent.insiders" if is_for_insiders else "join.consent.letters"
    text = wording(key, sender=campaign.sender.name, campaign=campaign.name)
    return ConsentText(text=text)
