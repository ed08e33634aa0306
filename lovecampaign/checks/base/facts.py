"""What do rules know besides the campaign's files?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from lovecampaign.core.settings import DEFAULT_PUBLIC_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The world around a campaign at the time of a check."""

    now: datetime
    #: Whether mail really leaves: then senders, links and words must be the author's own.
    provider_leaves_machine: bool = False
    #: Where readers' links lead.
    public_url: str = DEFAULT_PUBLIC_URL
    #: Mailable subscribers of the campaign; None where nobody counted.
    subscribers: int | None = None
    #: The zones in which they live.
    zones: frozenset[str] = frozenset()
    #: How many of them live in each zone; empty where nobody counted.
    subscribers_by_zone: Mapping[str, int] = field(default_factory=dict)
    #: Mailable members of the advance list; None where nobody counted.
    insiders: int | None = None
    #: Subscribers of whom no consent is on record; None where nobody counted.
    without_consent: int | None = None
    #: Whether a first letter went out for real; None where nobody looked.
    has_begun: bool | None = None
    #: Day 1 of the campaign as it was then; None where none went out, or nobody looked.
    begun_with: date | None = None
    #: Mailable readers and insiders together; None where nobody counted.
    reachable: int | None = None
    #: Of how many of them each field that letters need is known.
    known_fields: Mapping[str, int] = field(default_factory=dict)


def format_zones(zones: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    return zones[0] if len(zones) == 1 else f"{zones[0]} and {len(zones) - 1} more zones"
