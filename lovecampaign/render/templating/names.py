"""Names that templates can use: the closed list of INTERFACE.md ("Template names").

``check`` reads the fields of these classes to find misspelt names, ``named_values`` fills them
for a recipient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

from lovecampaign.campaign.model.campaign import Guest
from lovecampaign.campaign.model.deal import Money, Offer
from lovecampaign.render.model.formatting import LocalizedDate, LocalizedTime
from lovecampaign.render.model.recipient import Links
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
    #: Giving days: the 27 of "Day 9 of 27".
    days: int
    #: The launch, in the subscriber's zone.
    launch_at: LocalizedTime


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
    the launch for everyone.
    """

    TEMPLATE_NAME: ClassVar[str] = "deal"
    is_for_reader: bool
    title: str
    price: Money
    instead_of: Money | None
    #: When ``instead_of`` is charged from, or was charged until.
    price_from: LocalizedDate | None
    charged_until: LocalizedDate | None
    #: None for a subscriber without a code.
    code: str | None
    link: str
    opens: LocalizedTime
    closes: LocalizedTime

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
}
#: All names in a subject, preheader and copy; templates have ``content`` too.
NAMES = frozenset(PARTS) | {"first_name", "fields", "question", "subject", "preheader"}
