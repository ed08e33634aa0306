"""Is there something that somebody gets at once who joins the insiders at this moment?"""

from __future__ import annotations

from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.launch import closes_at, launch_slots
from lovecampaign.schedule.slot import EVER_AFTER
from lovecampaign.schedule.slots import find_slot


def late_insiders_get_email_now(
    campaign: Campaign, zone: str, now: datetime, founders_until: datetime | None
) -> bool:
    """Whether a letter to the insiders is out already, and goes to whoever joins them now."""
    for email in campaign.scheduled_emails:
        if not email.is_insiders_only:
            continue
        closes = closes_at(campaign, email)
        slots = launch_slots(campaign, email, zone, founders_until or EVER_AFTER)
        slot = find_slot(slots, now)
        is_open = closes is None or now < closes
        if slot.reason is None and slot.due_for(now) <= now and is_open:
            return True
    return False
