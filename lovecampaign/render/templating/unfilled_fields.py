"""Does a setting that templates print as it is hold a merge field that nobody fills in?

Loading refuses such settings. This is the second lock: what was frozen by an older program, or
built by a caller in Python, never met the loader.
"""

from __future__ import annotations

from collections.abc import Iterator

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.schema.text_parsers import MERGE_FIELD_START
from lovecampaign.render.model.content import Content
from lovecampaign.render.model.errors import RenderError


def refuse_leftovers(campaign: Campaign, content: Content) -> None:
    """Raises RenderError that names the setting; what a person told about themselves may pass."""
    for name, text in (*_of_campaign(campaign), *_of_content(content)):
        if text and MERGE_FIELD_START.search(text):
            raise RenderError(
                f"{name} holds a merge field, and would reach readers as it is",
                hint="merge fields work in subject, preheader and copy",
            )


def _of_campaign(campaign: Campaign) -> Iterator[tuple[str, str | None]]:
    sender, offer = campaign.sender, campaign.launch.offer
    yield "name", campaign.name
    yield "sender.name", sender.name
    yield "sender.postal_address", sender.postal_address
    yield "sender.website", sender.website
    yield "sender.privacy_url", sender.privacy_url
    if offer is not None:
        yield "offer.title", offer.title
        yield "offer.price", offer.price.text
        yield "offer.link", offer.link
    for deal in campaign.deals.values():
        yield f"deals.{deal.key}.title", deal.title
        yield f"deals.{deal.key}.price", deal.price.text


def _of_content(content: Content) -> Iterator[tuple[str, str | None]]:
    for words in (content.words, *content.parts.values()):
        yield "question", words.question
        if words.guest is not None:
            yield "guest.name", words.guest.name
            yield "guest.role", words.guest.role
