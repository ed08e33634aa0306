"""The wording of consent to join a list, and its version.

A version is the hash of the words as they were shown. A form carries the version that its visitor
read, so that consent is never recorded for words that changed meanwhile.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.words.catalog import Translation


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """What a visitor agrees to."""

    text: str

    @property
    def version(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


def consent_text(translation: Translation, campaign: Campaign, list_name: str) -> ConsentText:
    """In the visitor's language, for the audience or for the insiders' list."""
    is_for_insiders = list_name != campaign.audience.list
    key = "join.consent.insiders" if is_for_insiders else "join.consent.letters"
    return ConsentText(text=translation(key, sender=campaign.sender.name, campaign=campaign.name))
