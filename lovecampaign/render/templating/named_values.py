"""Values of the names in templates: shared ones, and personal ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from lovecampaign.campaign.model.campaign import LAST_GIVING_DAY, Campaign, Email, Sender
from lovecampaign.render.model.contrast import shades_of
from lovecampaign.render.model.formatting import LocalizedDate, direction_of
from lovecampaign.render.model.recipient import Links
from lovecampaign.render.templating.captured import SafeLiteral
from lovecampaign.render.templating.names import (
    BrandNames,
    CampaignNames,
    DealNames,
    SenderNames,
    SubscriberNames,
)


def shared_names(campaign: Campaign, logo: str | None) -> Mapping[str, Any]:
    """Names with the same value for all subscribers of a campaign."""
    return {
        "sender": _sender(campaign.sender),
        "brand": _brand(campaign.brand.color, logo),
        "offer": campaign.launch.offer,
    }


def personal_names(campaign: Campaign, email: Email, read: Callable[[str], Any]) -> dict[str, Any]:
    """Names with personal values; ``read`` gives a leaf's value by its name."""
    subscriber = SubscriberNames(
        **{one.name: read(f"subscriber.{one.name}") for one in fields(SubscriberNames)}
    )
    return {
        "subscriber": subscriber,
        "first_name": subscriber.first_name,
        "fields": subscriber.fields,
        "campaign": _campaign(campaign, read),
        "links": Links(**{one.name: read(f"links.{one.name}") for one in fields(Links)}),
        "deal": _deal(campaign, email, read),
    }


def localized_date(day: date | None, language: str) -> LocalizedDate | None:
    return LocalizedDate.of(day, language) if day else None


def _sender(sender: Sender) -> SenderNames:
    return SenderNames(
        name=sender.name,
        email=sender.email,
        reply_to=sender.reply_to,
        postal_address=sender.postal_address,
        website=sender.website,
        privacy_url=sender.privacy_url,
    )


def _brand(color: str, logo: str | None) -> BrandNames:
    shades = shades_of(color)
    return BrandNames(
        color=SafeLiteral(shades.color),
        on_color=SafeLiteral(shades.on_color),
        color_on_paper=SafeLiteral(shades.color_on_paper),
        color_dark=SafeLiteral(shades.color_dark),
        on_color_dark=SafeLiteral(shades.on_color_dark),
        logo=logo,
    )


def _campaign(campaign: Campaign, read: Callable[[str], Any]) -> CampaignNames:
    return CampaignNames(
        id=campaign.id,
        name=campaign.name,
        language=campaign.language,
        direction=direction_of(campaign.language),
        timezone=campaign.timezone,
        start=LocalizedDate.of(campaign.start, campaign.language),
        days=LAST_GIVING_DAY,
        launch_at=read("campaign.launch_at"),
    )


def _deal(campaign: Campaign, email: Email, read: Callable[[str], Any]) -> DealNames | None:
    deal = campaign.insider_deal
    if deal is None:
        return None
    return DealNames(
        is_for_reader=campaign.deal_of(email) is not None,
        title=deal.title,
        price=deal.price,
        instead_of=deal.instead_of,
        price_from=localized_date(deal.price_from, campaign.language),
        charged_until=localized_date(deal.charged_until, campaign.language),
        code=read("deal.code"),
        link=read("links.deal"),
        opens=read("deal.opens"),
        closes=read("deal.closes"),
    )
