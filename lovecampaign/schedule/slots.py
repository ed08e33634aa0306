"""When does everybody get everything? The slots of a campaign's emails, zone by zone.

Nothing here is stored: slots are worked out anew from the campaign whenever somebody asks, so
an edit of a time or a zone simply holds for everything that is not yet claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Role
from lovecampaign.schedule.days import campaign_join_windows, day_slots
from lovecampaign.schedule.digest import keys_in_digest
from lovecampaign.schedule.launch import closes_at, launch_slots
from lovecampaign.schedule.slot import EVER_AFTER, Slot

__all__ = [
    "Slot",
    "closes_at",
    "digest_keys",
    "due_window",
    "find_slot",
    "plan_zone",
]


def plan_zone(
    campaign: Campaign, zone: str, founders_until: datetime | None
) -> Mapping[str, tuple[Slot, ...]]:
    """Slots of every scheduled email for readers in ``zone``, by key, in the campaign's order.

    Welcome and confirm are not among them: no clock sends these.
    ``founders_until`` is the instant of the campaign's first real claim; None before there is
    one, when everybody so far counts as joined before day 1.
    """
    founders = founders_until or EVER_AFTER
    by_day = day_slots(campaign, zone, founders)
    return {
        email.key: (
            launch_slots(campaign, email, zone, founders)
            if email.role is Role.LAUNCH
            else by_day[email.key]
        )
        for email in campaign.scheduled_emails
    }


def find_slot(slots: Iterable[Slot], joined_at: datetime) -> Slot:
    """The one slot in which somebody stands."""
    return next(slot for slot in slots if slot.holds(joined_at))


def due_window(slots: Iterable[Slot]) -> tuple[datetime, datetime] | None:
    """The first and the last instant at which somebody gets the email; None: nobody does."""
    dues = [slot.due for slot in slots if slot.reason is None]
    return (min(dues), max(dues)) if dues else None


def digest_keys(
    campaign: Campaign, zone: str, joined_at: datetime, founders_until: datetime | None
) -> tuple[str, ...]:
    """What the catch-up email contains for who joined then: the must-have days missed, in order,
    and that day's own email. Empty for whoever gets no catch-up.
    """
    if founders_until is None:
        return ()
    turns = campaign_join_windows(campaign, zone, founders_until)
    return keys_in_digest(campaign, turns, founders_until, joined_at)
