"""Names that templates can use: the closed list of docs/writing.md ("Merge fields").

``check`` reads the fields of these classes to find misspelt names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, ClassVar

from lovecampaign.campaign.model.campaign import Campaign, Email, Guest
from lovecampaign.campaign.model.deal import Money, Offer
from lovecampaign.render.model.contrast import shades_of
from lovecampaign.render.model.formatting import (
    LocalizedDate,
    LocalizedMoney,
    LocalizedTime,
    direction_of,
)
from lovecampaign.render.model.recipient import Links, Progress
from lovecampaign.render.templating.captured import SafeLiteral
from lovecampaign.render.values.inputs import SubscriberFields


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberNames:
    TEMPLATE_NAME: ClassVar[str] = "subscriber"
    email: str
    first_name: str
    last_name: str
    #: The zone that the subscriber's times are in.
    timezone: str
    #: Their language (``fr``); that of the letter where it is unknown.
    language: str
    fields: SubscriberFields
    #: In alphabetical order.
    tags: tuple[str, ...]
    is_insider: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignNames:
    TEMPLATE_NAME: ClassVar[str] = "campaign"
    id: str
    name: str
    language: str
    #: ``ltr`` or ``rtl``.
    direction: str
    timezone: str
    start: LocalizedDate
    #: Giving days: the 27 in "Day 9 of 27".
    days: int
    #: The launch, in the subscriber's zone; None in a month without one.
    launch_at: LocalizedTime | None
    has_launch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderNames:
    TEMPLATE_NAME: ClassVar[str] = "sender"
    name: str
    email: str
    reply_to: str
    postal_address: str
    website: str | None
    privacy_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandNames:
    """Colours are safe everywhere, styles included, so they are printed as they are."""

    TEMPLATE_NAME: ClassVar[str] = "brand"
    color: SafeLiteral
    #: Words on ``color``.
    on_color: SafeLiteral
    #: Links and accents on light paper.
    color_on_paper: SafeLiteral
    #: Links and accents in dark mode.
    color_dark: SafeLiteral
    #: Words on ``color_dark``.
    on_color_dark: SafeLiteral
    #: The logo's address, or None.
    logo: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNames:
    TEMPLATE_NAME: ClassVar[str] = "day"
    number: int | None
    date: LocalizedDate | None
    key: str
    #: As rendered for this subscriber; None inside the subject itself.
    subject: str | None
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealNames:
    """The insiders' deal, in any email.

    ``{% if deal %}`` is true only in emails for insiders, so one template serves early access and
    the launch for everyone. In all other emails the parts are None, which cannot be printed: the
    deal is promised to insiders alone.
    """

    TEMPLATE_NAME: ClassVar[str] = "deal"
    is_for_reader: bool
    title: str | None = None
    price: Money | None = None
    instead_of: Money | None = None
    #: When ``instead_of`` is charged from, or was charged until.
    price_from: LocalizedDate | None = None
    charged_until: LocalizedDate | None = None
    #: None for a subscriber without a code.
    code: str | None = None
    link: str | None = None
    opens: LocalizedTime | None = None
    closes: LocalizedTime | None = None

    def __bool__(self) -> bool:
        return self.is_for_reader


#: The names before a dot, with the parts after it.
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
} | {
    "progress": frozenset(Progress._fields),
    "gifts": frozenset({"count"}),
    "asks": frozenset({"count"}),
}
#: All names in a subject, preheader and copy; templates have ``content`` too.
NAMES = frozenset(PARTS) | {
    *("first_name", "fields", "question", "subject", "preheader", "heroes", "heroes_of"),
    "note",
}


def shared_names(campaign: Campaign, logo: str | None) -> Mapping[str, Any]:
    """Names with the same value for all subscribers of a campaign."""
    sender, shades = campaign.sender, shades_of(campaign.brand.color)
    offer = campaign.launch.offer
    return {
        "sender": SenderNames(
            **{one.name: getattr(sender, one.name) for one in fields(SenderNames)}
        ),
        "brand": BrandNames(
            logo=logo, **{name: SafeLiteral(shade) for name, shade in asdict(shades).items()}
        ),
        "offer": offer and replace(offer, price=LocalizedMoney.of(offer.price, campaign.language)),
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
        "progress": {name: read(f"progress.{name}") for name in Progress._fields},
        "gifts": {"count": read("giving.gifts")},
        "asks": {"count": read("giving.asks")},
        "note": read("note"),
    }


def localized_date(day: date | None, language: str) -> LocalizedDate | None:
    return LocalizedDate.of(day, language) if day else None


def _campaign(campaign: Campaign, read: Callable[[str], Any]) -> CampaignNames:
    return CampaignNames(
        id=campaign.id,
        name=campaign.name,
        language=campaign.language,
        direction=direction_of(campaign.language),
        timezone=campaign.timezone,
        start=LocalizedDate.of(campaign.start, campaign.language),
        days=campaign.days,
        launch_at=read("campaign.launch_at") if campaign.launch.takes_place else None,
        has_launch=campaign.launch.takes_place,
    )


def _deal(campaign: Campaign, email: Email, read: Callable[[str], Any]) -> DealNames | None:
    deal, language = campaign.insider_deal, campaign.language
    if deal is None:
        return None
    if campaign.deal_of(email) is None:
        return DealNames(is_for_reader=False)
    return DealNames(
        is_for_reader=True,
        title=deal.title,
        price=LocalizedMoney.of(deal.price, language),
        instead_of=deal.instead_of and LocalizedMoney.of(deal.instead_of, language),
        price_from=localized_date(deal.price_from, language),
        charged_until=localized_date(deal.charged_until, language),
        code=read("deal.code"),
        link=read("links.deal"),
        opens=read("deal.opens"),
        closes=read("deal.closes"),
    )
