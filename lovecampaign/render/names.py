"""What may emails name, and what does each name hold for one person?

The classes below are the closed list of INTERFACE.md ("Template names"): ``check`` reads their
fields to find misspelt names, rendering fills them for a recipient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar

from lovecampaign.campaign.model import LAST_GIVING_DAY, Campaign, Email, Guest, Money, Offer
from lovecampaign.render.captured import Literal
from lovecampaign.render.color import shades_of
from lovecampaign.render.leaves import FieldNames
from lovecampaign.render.recipient import Links
from lovecampaign.render.spoken import SpokenDate, SpokenTime, direction_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberNames:
    SPOKEN: ClassVar[str] = "subscriber"
    email: str
    first_name: str
    last_name: str
    #: The zone that counts for this person.
    timezone: str
    fields: FieldNames
    #: In alphabetical order.
    tags: tuple[str, ...]
    is_insider: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignNames:
    SPOKEN: ClassVar[str] = "campaign"
    id: str
    name: str
    language: str
    #: ``ltr`` or ``rtl``.
    direction: str
    timezone: str
    start: SpokenDate
    #: Giving days: the 27 of "Day 9 of 27".
    days: int
    #: When the doors open, in the reader's zone.
    launch_at: SpokenTime


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderNames:
    SPOKEN: ClassVar[str] = "sender"
    name: str
    email: str
    reply_to: str
    postal_address: str
    website: str | None
    privacy_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandNames:
    """Colours are harmless anywhere, styles included: they are printed as they are."""

    SPOKEN: ClassVar[str] = "brand"
    color: Literal
    #: Words on ``color``.
    on_color: Literal
    #: Links and accents on light paper.
    color_on_paper: Literal
    #: Links and accents in dark mode.
    color_dark: Literal
    #: Words on ``color_dark``.
    on_color_dark: Literal
    #: The logo's address, or None.
    logo: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNames:
    SPOKEN: ClassVar[str] = "day"
    number: int | None
    date: SpokenDate | None
    key: str
    #: As this person reads it; inside the subject itself None.
    subject: str | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealNames:
    """The insiders' deal; any email may speak of it.

    ``{% if deal %}`` holds only where the email is about it, being for insiders only: so one
    template serves early access and the launch for everyone.
    """

    SPOKEN: ClassVar[str] = "deal"
    is_for_reader: bool
    title: str
    price: Money
    instead_of: Money | None
    #: When ``instead_of`` is charged from, or was charged until.
    price_from: SpokenDate | None
    charged_until: SpokenDate | None
    #: None for a person without a code.
    code: str | None
    link: str
    opens: SpokenTime
    closes: SpokenTime

    def __bool__(self) -> bool:
        return self.is_for_reader


#: What stands in front of a dot, and what may stand behind it.
PARTS: Mapping[str, frozenset[str]] = {
    name: frozenset(field.name for field in fields(owner))
    for name, owner in {
        "subscriber": SubscriberNames,
        "campaign": CampaignNames,
        "sender": SenderNames,
        "brand": BrandNames,
        "day": DayNames,
        "guest": Guest,
        "offer": Offer,
        "deal": DealNames,
        "links": Links,
    }.items()
}
#: Every name that an email's subject, preheader and copy know; templates know ``content`` too.
NAMES = frozenset(PARTS) | {"first_name", "fields", "question", "subject", "preheader"}


def names_for_everyone(campaign: Campaign, logo: str | None) -> Mapping[str, Any]:
    """What is the same for every reader of a campaign."""
    sender, shades = campaign.sender, shades_of(campaign.brand.color)
    return {
        "sender": SenderNames(
            name=sender.name,
            email=sender.email,
            reply_to=sender.reply_to,
            postal_address=sender.postal_address,
            website=sender.website,
            privacy_url=sender.privacy_url,
        ),
        "brand": BrandNames(
            color=Literal(shades.color),
            on_color=Literal(shades.on_color),
            color_on_paper=Literal(shades.color_on_paper),
            color_dark=Literal(shades.color_dark),
            on_color_dark=Literal(shades.on_color_dark),
            logo=logo,
        ),
        "offer": campaign.launch.offer,
    }


def names_for(campaign: Campaign, email: Email, ask: Callable[[str], Any]) -> dict[str, Any]:
    """What belongs to one person; ``ask`` answers for a leaf, by name (``leaves.py``)."""
    subscriber = SubscriberNames(
        **{one.name: ask(f"subscriber.{one.name}") for one in fields(SubscriberNames)}
    )
    return {
        "subscriber": subscriber,
        "first_name": subscriber.first_name,
        "fields": subscriber.fields,
        "campaign": _campaign(campaign, ask),
        "links": Links(**{one.name: ask(f"links.{one.name}") for one in fields(Links)}),
        "deal": _deal(campaign, email, ask),
    }


def spoken_date(day: date | None, language: str) -> SpokenDate | None:
    return SpokenDate.of(day, language) if day else None


def _campaign(campaign: Campaign, ask: Callable[[str], Any]) -> CampaignNames:
    return CampaignNames(
        id=campaign.id,
        name=campaign.name,
        language=campaign.language,
        direction=direction_of(campaign.language),
        timezone=campaign.timezone,
        start=SpokenDate.of(campaign.start, campaign.language),
        days=LAST_GIVING_DAY,
        launch_at=ask("campaign.launch_at"),
    )


def _deal(campaign: Campaign, email: Email, ask: Callable[[str], Any]) -> DealNames | None:
    deal = campaign.insider_deal
    if deal is None:
        return None
    return DealNames(
        is_for_reader=campaign.deal_of(email) is not None,
        title=deal.title,
        price=deal.price,
        instead_of=deal.instead_of,
        price_from=spoken_date(deal.price_from, campaign.language),
        charged_until=spoken_date(deal.charged_until, campaign.language),
        code=ask("deal.code"),
        link=ask("links.deal"),
        opens=ask("deal.opens"),
        closes=ask("deal.closes"),
    )
