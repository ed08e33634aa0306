"""Facts that rules need besides the campaign's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from lovecampaign.core.settings import DEFAULT_PUBLIC_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFacts:
    """The facts that rules about one email may use; their results are cached with these."""

    #: Whether mail leaves this machine: then senders, links and copy must be the author's own.
    provider_leaves_machine: bool = False
    #: The base URL of personal links.
    public_url: str = DEFAULT_PUBLIC_URL
    #: Mailable subscribers and insiders together.
    reachable: int | None = None
    #: For each field that the emails need, how many of them have it.
    known_fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(EmailFacts):
    """The environment of a campaign at the time of a check; None: not counted or not known."""

    now: datetime
    #: Mailable subscribers of the campaign.
    subscribers: int | None = None
    #: Their time zones.
    zones: frozenset[str] = frozenset()
    #: Their number in each zone; empty: not counted.
    subscribers_by_zone: Mapping[str, int] = field(default_factory=dict)
    #: Mailable insiders.
    insiders: int | None = None
    #: Subscribers without consent on record.
    without_consent: int | None = None
    #: Whether a first email was sent.
    has_begun: bool | None = None
    #: Day 1 of the campaign at that time; None also before the first email.
    begun_with: date | None = None
    #: The campaign's lists without any member, and the lists that have some; None: not counted.
    empty_lists: frozenset[str] | None = None
    known_lists: frozenset[str] = frozenset()
    #: The campaign's tags that no subscriber has, and the tags that there are.
    unused_tags: frozenset[str] = frozenset()
    known_tags: frozenset[str] = frozenset()
    #: For each deal with codes that another campaign handed out: which ones, and where.
    reused_codes: Mapping[str, str] = field(default_factory=dict)
    #: Names beside answers that may not be in letters, or are not published.
    unpermitted_names: frozenset[str] = frozenset()
    #: Eligible subscribers with a wave of the invitation only after day 1.
    unreached: int = 0
    #: How many get letters of another campaign on the same day, by its name.
    overlaps: Mapping[str, int] = field(default_factory=dict)


def format_zones(zones: Sequence[str]) -> str:
    """The first zone, and how many more there are."""
    return zones[0] if len(zones) == 1 else f"{zones[0]} and {len(zones) - 1} more zones"
