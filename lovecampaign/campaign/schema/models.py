"""Pydantic models of ``campaign.yaml`` and of a copy file's front matter.

Editors show the descriptions and examples (JSON Schema); problems quote the examples.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from lovecampaign.campaign.model.campaign import (
    DEFAULT_DAYS,
    FEWEST_DAYS,
    MOST_DAYS,
    Kind,
    LateJoiners,
)
from lovecampaign.campaign.model.deal import WhenGone
from lovecampaign.campaign.model.sending import ClockChoice
from lovecampaign.campaign.schema.desk_models import AdvocateGroup, RepliesGroup, TeamGroup
from lovecampaign.campaign.schema.field_types import (
    BounceAddress,
    CheckCode,
    ClockTime,
    Codes,
    Color,
    Day,
    DayNumber,
    DayOrAnchor,
    DealLink,
    Duration,
    EmailAddress,
    Flag,
    GivingDays,
    Growth,
    Language,
    Languages,
    Line,
    Link,
    ListName,
    MergedLine,
    Name,
    NoneWord,
    NumberOfDays,
    Price,
    Quiet,
    Rate,
    RecipientGroups,
    Share,
    Tags,
    Text,
    Version,
    When,
    Zone,
    whole_number,
    word_of,
)
from lovecampaign.campaign.schema.settings_group import (
    SettingsGroup,
    optional,
    optional_group,
    required,
    several,
)
from lovecampaign.campaign.schema.time_parsers import Anchor, Point

#: Beside the settings of single days: the number of giving days.
LENGTH = "length"


class QuietHoursRule(StrEnum):
    """A launch email's choice about quiet hours."""

    RESPECT = "respect"  #: wait for their end, as day emails do
    IGNORE = "ignore"  #: send at its instant: the default


class BrandGroup(SettingsGroup):
    """How the mail looks."""

    color: Color | None = optional("Colour of links and of the button, in quotes.")
    logo: Line | None = optional("An image file in the campaign's folder, or a link.")


class SenderGroup(SettingsGroup):
    """The sender."""

    name: Line = required("The name in From: a person, from your business.", "Ana from Bloom")
    email: EmailAddress = required("The address in From.", "ana@news.bloom.example")
    reply_to: EmailAddress | None = optional("Where a person reads answers. Default: email.")
    postal_address: Text = required(
        "Your postal address: the law requires it in every email.",
        "Bloom SAS, 12 rue des Lilas, 75020 Paris, France",
    )
    website: Link | None = optional("Your website.")
    privacy_url: Link | None = optional("Your privacy notice.")
    unsubscribe_to: EmailAddress | None = optional(
        "Where unsubscribing by mail goes. Default: reply_to."
    )
    bounce_to: BounceAddress | None = optional(
        "Where bounces go over SMTP, as bounces+ID@…. Default: email."
    )


class AudienceGroup(SettingsGroup):
    """The recipients of the month."""

    list: ListName = required("The list of readers.", "readers")
    with_tags: Tags = several("Any of these tags; empty: everyone on the list.")
    without_tags: Tags = several("None of these tags.")
    active_within: Duration | None = optional(
        "Without a sign of life so long before day 1: no letter of the month, only the invitation."
    )


class InsidersGroup(SettingsGroup):
    """The advance-notification list."""

    list: ListName = required("The name of the list.", "insiders")
    until: When | None = optional(
        "A member who joins at or after this time is no insider. Default: launch.at."
    )


class BrakeGroup(SettingsGroup):
    """Shares of one email's deliveries that pause the campaign."""

    complaints: Share = optional("Complaints.", "0.1%")
    hard_bounces: Share = optional("Addresses that do not exist.", "2%")
    unsubscribes: Share = optional("Unsubscribes.", "1.5%")


class SendingGroup(SettingsGroup):
    """When mail goes out, and how fast."""

    at: ClockTime = optional("The time of day of day emails.", "09:00")
    clock: Annotated[ClockChoice, word_of(ClockChoice)] = optional(
        "The time zone of at: the subscriber's own, or the campaign's.",
        "subscriber",
    )
    unknown_timezone: Zone | None = optional(
        "For readers without a known time zone. Default: timezone."
    )
    quiet_hours: Quiet | None = optional("No day email between these times: it waits.")
    late_after: Duration = optional("A day's email later than this is skipped.", "20h")
    max_per_second: Rate = optional("The whole campaign's pace, or unlimited.", 50)
    brake: BrakeGroup = optional_group("What pauses the campaign.", BrakeGroup)


class InvitationGroup(SettingsGroup):
    """The question to existing readers, before day 1: every day, or only the launch."""

    start_at: When = Field(
        default=Point(anchor=Anchor.START, days=-14),
        alias="from",
        description="When its first wave goes out. Default: day -14.",
    )
    copy_file: Line = Field(
        default="invitation.md", alias="copy", description="Its file, in the campaign's folder."
    )
    waves: Growth = optional("How fast the waves grow: each at most so much larger.", "2x")
    first: Annotated[int, whole_number(1, 1_000_000)] = optional(
        "The size of the first wave, for each receiving domain.", 50
    )


class CatchUpGroup(SettingsGroup):
    """The digest for late joiners."""

    must_have: GivingDays = Field(
        description="The days that a late joiner must get.", examples=[[1, 9, 21]], min_length=1
    )
    until: When | None = optional(
        "A subscriber who joins at or after this time gets no digest. Default: the launch."
    )


class DefaultsGroup(SettingsGroup):
    """Defaults of all emails."""

    template: Line = optional("letter is templates/email/letter.mjml.j2.", "letter")


class GuestGroup(SettingsGroup):
    """The guest of an interview."""

    name: Line = required("The guest's name.", "Dr Mai Tran")
    role: Line | None = optional("What the guest does.")
    approved: Day | None = optional("When the guest approved the text.")


class CopyGroup(SettingsGroup):
    """The front matter of a launch email's or a built-in email's file."""

    subject: MergedLine | None = optional("The subject; merge fields work here.")
    preheader: MergedLine | None = optional("What mail programs show behind the subject.")
    template: Line | None = optional("letter is templates/email/letter.mjml.j2.")
    kind: Annotated[Kind, word_of(Kind)] | None = optional("What the email gives its reader.")
    with_tags: Tags | None = optional("Any of these tags.")
    without_tags: Tags | None = optional("None of these tags.")
    finished: Annotated[int, whole_number(1, MOST_DAYS)] | None = optional(
        "Only for readers who have done so many small tasks of the month."
    )
    guest: GuestGroup | None = optional("The guest of an interview.")
    question: Line | None = optional("The one question that the email asks.")


class TranslationGroup(SettingsGroup):
    """The front matter of a translation: all other settings are those of the letter."""

    subject: MergedLine | None = optional("The subject; merge fields work here.")
    preheader: MergedLine | None = optional("What mail programs show behind the subject.")
    guest: GuestGroup | None = optional("The guest, if the name or role differs.")
    question: Line | None = optional("The one question that the email asks.")


class DayGroup(CopyGroup):
    """A day, in its file's front matter or under ``days``; each setting in one of the two."""

    at: ClockTime | None = optional("The time of day. Default: sending.at.")
    pinned: Flag | None = optional("Tied to its date: not sent by from-day-1.")


class DaySettings(dict[int, DayGroup]):
    """The length of the month, and settings of single days by number."""

    length: int = DEFAULT_DAYS

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def read(value: object, read_groups: core_schema.ValidatorFunctionWrapHandler) -> Any:
            groups = dict(value) if isinstance(value, dict) else {}
            written = groups.pop(LENGTH, None) if groups else value
            is_number = written is not None and not isinstance(written, dict | list)
            days = cls(read_groups(groups if groups or is_number else value))
            if is_number:
                days.length = NumberOfDays.read(written)
            return days

        return core_schema.no_info_wrap_validator_function(read, handler(dict[DayNumber, DayGroup]))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        groups = handler(core)
        number = {"type": "integer", "minimum": FEWEST_DAYS, "maximum": MOST_DAYS}
        return {"anyOf": [number, {**groups, "properties": {LENGTH: number}}]}


class LaunchEmailGroup(CopyGroup):
    """An email of the launch."""

    at: When | None = optional("When it goes to everyone at once. Default: launch.at.")
    to: RecipientGroups = optional("The recipients; several words must all hold.", "audience")
    copy_file: Line | None = Field(
        default=None, alias="copy", description="The copy's file, in the campaign's folder."
    )
    quiet_hours: Annotated[QuietHoursRule, word_of(QuietHoursRule)] = optional(
        "respect: it waits for the end of quiet hours.", "ignore"
    )


class OfferGroup(SettingsGroup):
    """What everyone can buy from launch.at on."""

    title: Line = required("What it is.", "Bloom for life")
    price: Price = required("What it costs.", "99 EUR")
    link: Link = required("Where to buy it.", "https://bloom.example/buy")


class LaunchGroup(SettingsGroup):
    """The launch and everything after it."""

    day: Annotated[int, whole_number(2, 2 * MOST_DAYS)] | None = optional(
        "The campaign day of the launch. Default: the one after the last giving day."
    )
    at: ClockTime = required("When the launch begins, for everyone at once.", "10:00")
    late_after: Duration = optional("A launch email later than this is skipped.", "24h")
    offer: OfferGroup | None = optional("What everyone can buy.")
    deal: Name | None = optional("The insiders' deal: a key under deals.")
    without_tags: Tags = several("Left out of every launch email.")
    no_ask_while_waiting: Flag = optional(
        "No launch email to a reader whom we owe an answer; false: they get it all the same.",
        default=True,
    )
    min_gifts: Annotated[int, whole_number(0, MOST_DAYS)] = optional(
        "No launch email to a reader who got fewer letters that give; insiders get it.", 0
    )
    emails: dict[Name, LaunchEmailGroup] = Field(
        default_factory=dict, description="The emails, each under a key of its own."
    )


class DealGroup(SettingsGroup):
    """A better price, for insiders, for a while."""

    title: Line = required("What it is.", "Bloom for life, at the insiders' price")
    price: Price = required("What it costs.", "59 EUR")
    instead_of: Price | None = optional("The price that it is compared with.")
    price_from: DayOrAnchor | None = optional("From when instead_of is charged; shown beside it.")
    charged_until: DayOrAnchor | None = optional("Until when it was charged; shown beside it.")
    link: DealLink = required(
        "Where to buy it; {code} becomes the reader's code.",
        "https://bloom.example/buy?code={code}",
    )
    codes: Codes = optional("generate, or a CSV file with one code a line.", "generate")
    quantity: Annotated[int, whole_number(1, 100_000_000)] | None = optional(
        "How many there are. Default: no limit."
    )
    claim_for: Duration = optional("How long an unpaid claim holds.", "30m")
    opens: When = required("The time from which it can be bought.", "day 27 10:00")
    closes: When = required("The time until which it can be bought.", "day 31 23:59")
    when_gone: Annotated[WhenGone, word_of(WhenGone)] = optional(
        "What its pages show when no unit is left.", "stop"
    )


class ChecksGroup(SettingsGroup):
    """Findings of check to ignore."""

    ignore: dict[CheckCode, MergedLine] = Field(
        default_factory=dict, description="A code, and why it does not matter here."
    )


class CampaignFile(SettingsGroup):
    """A Customer Love month: days of giving and a launch."""

    version: Version = required("The version of this format.", 1)
    id: Name = required("Identifies the campaign for ever.", "customer-love-2027-02")
    name: Line = required("The campaign's name.", "Customer Love")
    language: Language = optional("The language of the mail.", "en")
    languages: Languages = several(
        "All languages of the mail; readers of no other one get the first. Default: language."
    )
    timezone: Zone = required("The team's time zone.", "Europe/Paris")
    start: Day = required("The date of day 1.", "2027-02-01")
    brand: BrandGroup = optional_group("How the mail looks.", BrandGroup)
    sender: SenderGroup = required(
        "The sender.",
        {"name": "Ana from Bloom", "email": "ana@bloom.example", "postal_address": "…"},
    )
    audience: AudienceGroup = required("The recipients of the month.", {"list": "readers"})
    insiders: InsidersGroup | None = optional("The advance-notification list.")
    invitation: InvitationGroup | None = optional(
        "Asks existing readers whether they want the daily month; silence: only the launch."
    )
    sending: SendingGroup = optional_group("When mail goes out, and how fast.", SendingGroup)
    late_joiners: Annotated[LateJoiners, word_of(LateJoiners)] = optional(
        "What readers get who join during the month.",
        "from-today",
    )
    catch_up: CatchUpGroup | None = optional("The digest for late joiners.")
    skip: GivingDays = several("Days without an email.")
    defaults: DefaultsGroup = optional_group("Defaults of all emails.", DefaultsGroup)
    days: DaySettings = Field(
        default_factory=DaySettings,
        description="The number of giving days, like 14 (default 27); or settings of single days, "
        "in place of their files' front matter, beside which length: is the number of days.",
    )
    launch: Annotated[LaunchGroup | None, NoneWord()] = required(
        "The launch and what follows; none for a month that only gives.", {"at": "10:00"}
    )
    deals: dict[Name, DealGroup] = Field(default_factory=dict, description="Better prices.")
    replies: RepliesGroup = optional_group("How readers' letters are answered.", RepliesGroup)
    team: TeamGroup = optional_group("The people who answer.", TeamGroup)
    advocate: AdvocateGroup | None = optional("The person inside who fights for customers.")
    checks: ChecksGroup = optional_group("Findings of check to ignore.", ChecksGroup)
