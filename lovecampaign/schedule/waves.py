"""The waves of the invitation: their instants, their sizes, and the course of a whole ramp.

A wave goes to each receiving domain, a day after the one before. It is at most so many times as
large as the largest before it, so that mail providers see a sender grow and no sudden burst. A
first wave of 50 and doubling is where the warm-up plans of mail services begin (Twilio SendGrid,
"Warming up an IP address": 50, 100 …).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lovecampaign.campaign.model.campaign import Campaign, Invitation
from lovecampaign.core.zones import load_zone
from lovecampaign.schedule.instants import to_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainState:
    """The invitation at one receiving domain, before a wave."""

    #: Not invited yet, and eligible.
    waiting: int
    #: The largest wave so far.
    largest: int = 0
    #: Already in the coming wave: left over from one that was stopped, or planned today.
    planned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave: how many of each receiving domain."""

    at: datetime
    sizes: Mapping[str, int]

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


def wave_instants(campaign: Campaign) -> Sequence[datetime]:
    """The instants of all possible waves: each day at the same time of the team, until day 1."""
    invitation, found = campaign.invitation, list[datetime]()
    if invitation is None:
        return found
    first = invitation.at.astimezone(load_zone(campaign.timezone))
    at = invitation.at
    while at < invitation.ends:
        found.append(at)
        next_day = first.date() + timedelta(days=len(found))
        at = to_utc(next_day, first.time(), campaign.timezone)
    return found


def largest_size(invitation: Invitation, largest: int) -> int:
    """The most of a wave to one domain, after waves of at most ``largest``."""
    return max(invitation.first, int(invitation.growth * largest))


def foresee_waves(
    invitation: Invitation, instants: Sequence[datetime], domains: Mapping[str, DomainState]
) -> Sequence[Wave]:
    """The waves at these instants, without those in which no subscriber is left."""
    waves, states = [], dict(domains)
    for at in instants:
        sizes: dict[str, int] = {}
        for domain, state in list(states.items()):
            room = max(0, largest_size(invitation, state.largest) - state.planned)
            new = min(room, state.waiting)
            size = state.planned + new
            if size:
                sizes[domain] = size
            states[domain] = DomainState(
                waiting=state.waiting - new, largest=max(state.largest, size)
            )
        if sizes:
            waves.append(Wave(at=at, sizes=sizes))
    return waves
