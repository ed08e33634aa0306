"""The title of an email in calendars."""

from __future__ import annotations

from types import MappingProxyType

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import LovecampaignError
from lovecampaign.render.model.content import read_content
from lovecampaign.render.plain.plain_path import PlainPath
from lovecampaign.render.plain.sample_recipients import sample_recipients


def event_title(campaign: Campaign, email: Email) -> str:
    """``day-02: For you, friend``: the key, and the subject as a subscriber without data gets it.

    The key alone for a subject that is blank then, or cannot be rendered: ``check`` reports both.
    """
    subject = email.subject
    if "{" in subject:
        try:
            subject = _fallback_subject(campaign, email)
        except LovecampaignError:
            return email.key
    return f"{email.key}: {subject}" if subject.strip() else email.key


def _fallback_subject(campaign: Campaign, email: Email) -> str:
    content = read_content(campaign, email)
    _, unknown = sample_recipients(campaign, email, content)
    subscriber = unknown.subscriber._replace(fields=MappingProxyType({}))
    path = PlainPath(campaign, email, content, media_url="")
    return path.subject(unknown._replace(subscriber=subscriber))
