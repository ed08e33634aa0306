"""Who gets a launch email, given when they joined?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup
from lovecampaign.schedule.quiet import after_quiet_hours, quiet_hours_of
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slot import EVER_AFTER, EVER_BEFORE, Slot, SlotTime, cover


def launch_slots(
    campaign: Campaign, email: Email, zone: str, founders_until: datetime
) -> tuple[Slot, ...]:
    """Slots of a launch email: one instant for everyone, and no lateness."""
    time = _launch_time(campaign, email, zone)
    return cover(_pieces(campaign, email, time, founders_until), time, SkipReason.JOINED_AFTER)


def closes_at(campaign: Campaign, email: Email) -> datetime | None:
    """When the deal closes that an email is about: from then on it never goes out."""
    deal = campaign.deal_of(email)
    return deal.closes if deal else None


def _launch_time(campaign: Campaign, email: Email, zone: str) -> SlotTime:
    if email.instant is None:
        raise ValueError(f"{email.key} has no instant")
    due = after_quiet_hours(email.instant, zone, quiet_hours_of(campaign, email))
    return SlotTime(moment=email.instant, due=due)


def _pieces(
    campaign: Campaign, email: Email, time: SlotTime, founders_until: datetime
) -> Iterator[Slot]:
    if RecipientGroup.BOUGHT in email.to:  # who has bought is thanked, whenever they joined
        yield time.slot(EVER_BEFORE, EVER_AFTER)
        return
    moment = time.moment
    if email.is_insiders_only and campaign.insiders is not None:
        until = campaign.insiders.until  # joining the insiders after that is too late
        in_time = max(min(moment, until), founders_until)
        yield time.slot(EVER_BEFORE, in_time)
        yield time.slot(in_time, until, is_due_at_joining=True)
        return
    yield time.slot(EVER_BEFORE, max(moment, founders_until))
