"""The reply desk: its promise, the team, and the advocate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from lovecampaign.campaign.model.deal import Money

#: Monday to Friday, as ``date.weekday`` counts.
WORKING_DAYS = frozenset(range(5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Advocate:
    """The person inside who fights for customers."""

    name: str
    email: str
    #: What exceptions may cost without approval; None: nothing.
    budget: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """``replies``, ``team`` and ``advocate`` of campaign.yaml."""

    #: The promise: an answer within this time, in working days.
    within: timedelta = timedelta(days=2)
    #: Weekdays on which the team works, 0 is Monday.
    days: frozenset[int] = WORKING_DAYS
    #: How the house speaks; '' without the file.
    voice: str = ""
    #: The addresses of the team; without any there is no morning mail.
    team: tuple[str, ...] = ()
    #: When the morning mail goes out, in the campaign's zone.
    morning: time = time(8)
    advocate: Advocate | None = None
