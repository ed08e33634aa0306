"""The frozen campaign model: emails, audience, launch and settings.

Defaults are filled in, and points like ``day 27 10:00`` are instants. Times that depend on a
subscriber's zone stay local dates and times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from lovecampaign.campaign.model.deal import Deal, Offer
from lovecampaign.campaign.model.desk import Desk
from lovecampaign.campaign.model.sending import Sending
from lovecampaign.campaign.words.locale import choose_language
from lovecampaign.core.problems import Place
from lovecampaign.core.zones import load_zone

CATCH_UP = "catch-up"
WELCOME = "welcome"
CONFIRM = "confirm"
INVITATION = "invitation"
#: The number of giving days (``days``), and its limits.
DEFAULT_DAYS, FEWEST_DAYS, MOST_DAYS = 27, 5, 60


class Kind(StrEnum):
    """The kind of content; colours the calendar."""

    VALUE = "value"
    GUEST = "guest"
    STORY = "story"
    TOOL = "tool"
    THANKS = "thanks"
    ASK = "ask"
    LAUNCH = "launch"


class Role(StrEnum):
    """The scheduling rules of an email."""

    DAY = "day"  #: local time, quiet hours, lateness, one a day
    CATCH_UP = "catch-up"  #: as DAY, for late joiners
    LAUNCH = "launch"  #: one instant for everyone
    INVITATION = "invitation"  #: before day 1, in waves
    WELCOME = "welcome"  #: right after confirming
    CONFIRM = "confirm"  #: transactional, not a campaign email


class RecipientGroup(StrEnum):
    """A condition on a launch email's recipients; of several, all must hold."""

    AUDIENCE = "audience"  #: the audience and the insiders together
    INSIDERS = "insiders"
    BOUGHT = "bought"
    NOT_BOUGHT = "not-bought"


class LateJoiners(StrEnum):
    """What subscribers get who join after the first real send."""

    FROM_TODAY = "from-today"  #: every email due after joining
    CATCH_UP = "catch-up"  #: one digest of missed must-have days, then from today
    FROM_DAY_1 = "from-day-1"  #: their own day 1 is the day after joining
    WAIT = "wait"  #: only the launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    color: str = "#7a3b2e"
    logo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    name: str
    email: str
    reply_to: str
    postal_address: str
    website: str | None = None
    privacy_url: str | None = None
    #: Where the mailto: of List-Unsubscribe goes; default ``reply_to``.
    unsubscribe_to: str
    #: Over SMTP each message's envelope sender is this address with its id: ``bounces+ID@…``.
    bounce_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter:
    """Any of ``with_tags`` (empty: everyone), none of ``without_tags``; in any case of letters."""

    with_tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()

    def allows(self, tags: AbstractSet[str]) -> bool:
        """Whether a subscriber with these tags passes."""
        held = _folded(tags)
        is_wanted = not self.with_tags or bool(_folded(self.with_tags) & held)
        return is_wanted and not _folded(self.without_tags) & held


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    list: str
    tags: TagFilter = TagFilter()
    #: Subscribers without activity from then on get no letter of the month; None: all are active.
    active_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insiders:
    """The advance-notification list; ``until``: joining at or after it is too late."""

    list: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Asks those who did not join by a form of the campaign whether they want the daily month."""

    #: The first wave; each of the others is a day later, at the same time of the team's day.
    at: datetime
    #: Day 1: subscribers who were not asked by then get the month, as without an invitation.
    ends: datetime
    #: Of the waves, each to one receiving domain at most so many times the largest before it.
    growth: Fraction
    #: The size of the first wave, for each receiving domain.
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    must_have: tuple[int, ...]  #: day numbers, ascending
    #: Joining at or after this gets no digest; None: the launch.
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    name: str
    role: str = ""
    #: When the guest approved the interview; None: not yet.
    approved: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The author's text: Markdown with Jinja, or empty for a template that needs none."""

    text: str
    #: Relative to the workspace, for problems.
    file: str
    #: The line of ``file`` on which ``text`` starts, from 1.
    first_line: int = 1
    #: Our text, for a campaign without a file of its own.
    is_built_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """One templated message of a campaign."""

    key: str
    role: Role
    kind: Kind
    #: Jinja sources, like ``copy.text``.
    subject: str
    preheader: str
    #: ``letter`` is ``templates/email/letter.mjml.j2``.
    template: str
    copy: Copy
    #: Day emails: the number of the day, from 1. Launch emails: the campaign day of ``instant``.
    number: int | None = None
    #: Day emails: the date and time of day in the subscriber's zone.
    date: date | None = None
    at: time | None = None
    #: Launch emails: the one instant. Invitation: the first wave.
    instant: datetime | None = None
    to: frozenset[RecipientGroup] = frozenset({RecipientGroup.AUDIENCE})
    tags: TagFilter = TagFilter()
    #: The small tasks that its recipients have done at least; 0: no condition.
    finished: int = 0
    guest: Guest | None = None
    question: str | None = None
    #: Bound to its date: left out of ``from-day-1``.
    pinned: bool = False
    #: Launch emails may ask for it; day emails and the catch-up always do.
    respects_quiet_hours: bool = False
    #: Its settings or copy hold errors: it is planned, but never claimed.
    is_broken: bool = False
    #: The place of each setting (``subject``, ``template`` …), for problems.
    places: Mapping[str, Place] = field(default_factory=dict)
    #: The same email in the campaign's other languages, where it was translated.
    translations: Mapping[str, Email] = field(default_factory=dict)

    @property
    def is_one_a_day(self) -> bool:
        """Whether quiet hours, lateness and one email per local day apply."""
        return self.role in (Role.DAY, Role.CATCH_UP)

    @property
    def begins_the_month(self) -> bool:
        """Whether subscribers who join after its first claim are late joiners."""
        return self.role in (Role.DAY, Role.CATCH_UP, Role.LAUNCH)

    @property
    def is_scheduled(self) -> bool:
        """Whether it has a planned time; welcome and confirm follow a sign-up."""
        return self.begins_the_month or self.role is Role.INVITATION

    @property
    def gives(self) -> bool:
        """Whether it is a gift to its reader, and no request."""
        return self.role is Role.DAY and self.kind not in (Kind.ASK, Kind.LAUNCH)

    @property
    def asks(self) -> bool:
        """Whether it asks for something; a message to buyers only asks for nothing."""
        is_offer = self.role is Role.LAUNCH and RecipientGroup.BOUGHT not in self.to
        return is_offer or self.kind is Kind.ASK

    @property
    def is_insiders_only(self) -> bool:
        return RecipientGroup.INSIDERS in self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    day: int
    #: In a month without a launch: the end of the day after the last, when it is over everywhere.
    at: datetime
    #: False for ``launch: none``.
    takes_place: bool = True
    offer: Offer | None = None
    #: The key of the insiders' deal in ``Campaign.deals``.
    deal: str | None = None
    without_tags: frozenset[str] = frozenset()  #: left out of every launch email
    #: A launch email that is overdue for longer is late.
    late_after: timedelta = timedelta(hours=24)
    #: No launch email to a subscriber who waits for an answer, or whose case is open.
    no_ask_while_waiting: bool = True
    #: Fewer letters that gave: no launch email, but for insiders; 0: no condition.
    min_gifts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A whole campaign, validated."""

    id: str
    name: str
    #: Folder name under ``campaigns/``.
    slug: str
    folder: Path
    workspace: Path
    #: ``campaigns/NAME/campaign.yaml``, for problems.
    file: str
    language: str
    #: All languages of the letters, ``language`` first; empty: that one.
    languages: tuple[str, ...] = ()
    timezone: str
    start: date
    #: The number of giving days: emails ``day-01`` to ``day-NN``.
    days: int = DEFAULT_DAYS
    brand: Brand = Brand()
    sender: Sender
    audience: Audience
    insiders: Insiders | None = None
    sending: Sending
    late_joiners: LateJoiners
    catch_up: CatchUp | None = None
    skip: frozenset[int] = frozenset()
    launch: Launch
    #: Who was asked and has not chosen gets the launch only.
    invitation: Invitation | None = None
    deals: Mapping[str, Deal] = field(default_factory=dict)
    desk: Desk = field(default_factory=Desk)
    #: Day and launch emails by time, then catch-up, welcome and confirm.
    emails: Sequence[Email] = ()
    #: Codes of ``check`` that the author ignores, with reasons.
    ignored_checks: Mapping[str, str] = field(default_factory=dict)
    #: Every file that was read, relative to the workspace.
    files: tuple[str, ...] = ()
    #: The place of each setting of campaign.yaml (``sender.email``, ``deals.insider.closes`` …).
    places: Mapping[str, Place] = field(default_factory=dict)

    @property
    def day_emails(self) -> tuple[Email, ...]:
        return tuple(email for email in self.emails if email.role is Role.DAY)

    @property
    def launch_emails(self) -> tuple[Email, ...]:
        return tuple(email for email in self.emails if email.role is Role.LAUNCH)

    @property
    def scheduled_emails(self) -> tuple[Email, ...]:
        """The emails with a planned time: all but welcome and confirm."""
        return tuple(email for email in self.emails if email.is_scheduled)

    @property
    def lists(self) -> frozenset[str]:
        """All lists of this campaign: a one-click unsubscribe is from all of them."""
        groups = (self.audience, self.insiders)
        return frozenset(group.list for group in groups if group)

    @property
    def insider_deal(self) -> Deal | None:
        return self.deals.get(self.launch.deal) if self.launch.deal else None

    @property
    def last_date(self) -> date:
        """That of the last giving day."""
        return self.start + timedelta(days=self.days - 1)

    def date_of(self, email: Email) -> date | None:
        """The date on the team's calendar; None for emails without one."""
        if email.instant is not None:
            return email.instant.astimezone(load_zone(self.timezone)).date()
        return email.date

    def in_language(self, language: str) -> Campaign:
        """The campaign with the words of one of its languages; untranslated emails stay."""
        emails = tuple(email.translations.get(language, email) for email in self.emails)
        return replace(self, language=language, emails=emails)

    def language_of(self, email: Email, wanted: str | None) -> str:
        """The language in which a reader of ``wanted`` gets an email."""
        return choose_language((self.language, *email.translations), wanted)

    def find_email(self, key: str) -> Email | None:
        return next((email for email in self.emails if email.key == key), None)

    def deal_of(self, email: Email) -> Deal | None:
        """The insiders' deal for emails to insiders only; they never go out after it closes."""
        return self.insider_deal if email.is_insiders_only else None


def _folded(tags: AbstractSet[str]) -> frozenset[str]:
    return frozenset(tag.casefold() for tag in tags)
