"""The slots of all emails of a campaign, for one zone.

Slots are computed from the campaign's files and not stored, so an edit of a time or a zone holds
for everything that is not claimed yet.
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
    """The slots of all scheduled emails for subscribers in ``zone``, by key, in campaign order.

    Welcome and confirm are not included: they are not scheduled. ``founders_until`` is the
    instant of the campaign's first real claim; None before it, when all current subscribers
    count as joined before day 1.
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
    """The slot for a joining time."""
    return next(slot for slot in slots if slot.holds(joined_at))


def due_window(slots: Iterable[Slot]) -> tuple[datetime, datetime] | None:
    """The first and the last due time of the email; None if it has no recipients."""
    dues = [slot.due for slot in slots if slot.reason is None]
    return (min(dues), max(dues)) if dues else None


def digest_keys(
    campaign: Campaign, zone: str, joined_at: datetime, founders_until: datetime | None
) -> tuple[str, ...]:
    """The emails that the catch-up email contains for a joining time: the missed must-have days,
    in order, and that day's own email. Empty without a catch-up email.
    """
    if founders_until is None:
        return ()
    windows = campaign_join_windows(campaign, zone, founders_until)
    return keys_in_digest(campaign, windows, founders_until, joined_at)
