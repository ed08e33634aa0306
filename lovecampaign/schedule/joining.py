"""Which letter is the first that somebody gets who joins at this moment?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lovecampaign.campaign.model import Campaign, Crowd, Email, Role
from lovecampaign.schedule.slots import find_slot, plan_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLetter:
    """An email, and when it is due."""

    email: Email
    due: datetime


def first_letter(
    campaign: Campaign,
    list_name: str,
    zone: str,
    joined_at: datetime,
    founders_until: datetime | None,
) -> FirstLetter | None:
    """What a new member of a list gets next, as far as the calendar knows; None: nothing more."""
    by_key = plan_zone(campaign, zone, founders_until)
    found = []
    for email in campaign.scheduled_emails:
        if not _is_for_newcomers(campaign, email, list_name):
            continue
        slot = find_slot(by_key[email.key], joined_at)
        due = slot.due_for(joined_at)
        if slot.reason is None and due >= joined_at:
            found.append(FirstLetter(email=email, due=due))
    return min(found, key=lambda letter: letter.due, default=None)


def _is_for_newcomers(campaign: Campaign, email: Email, list_name: str) -> bool:
    """Whether it goes to somebody of whom only their list is known: no tag, nothing bought."""
    if Crowd.BOUGHT in email.to:
        return False
    if email.is_insiders_only:
        return campaign.insiders is not None and list_name == campaign.insiders.list
    if list_name != campaign.audience.list:
        return email.role is Role.LAUNCH and email.tags.allows(frozenset())
    return campaign.audience.tags.allows(frozenset()) and email.tags.allows(frozenset())
