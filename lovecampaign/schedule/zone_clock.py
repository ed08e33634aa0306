"""What do the clocks of a zone say now: which day is it, and until when is it quiet there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone, local_day
from lovecampaign.schedule.quiet import after_quiet_hours

ZoneClocks = Mapping[str, "ZoneClock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneClock:
    """One instant, as the readers of a zone see it."""

    #: Where there is one email a day, this one it takes.
    local_day: date
    #: The end of the quiet hours that hold there; None: none do.
    quiet_until: datetime | None


def read_clock(campaign: Campaign, zone: str, now: datetime) -> ZoneClock:
    """The clocks of a zone as a subscriber's row has it: '' and unknown ones are possible."""
    place = effective_zone(zone, campaign)
    awake = after_quiet_hours(now, place, campaign.sending.quiet_hours)
    return ZoneClock(local_day=local_day(now, place), quiet_until=awake if awake != now else None)
