"""When does everybody get everything, zone by zone, and what do the zones' clocks say?

The pure rules of the schedule, asked for the zones that subscribers have. The last answers are
kept: a pass asks for them again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.slots import Slot, plan_zone
from lovecampaign.schedule.zone_clock import ZoneClocks, read_clock
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables.slots import list_zones

#: Slots by the zone as stored ('' for none), then by the email's key.
SlotsByZone: TypeAlias = Mapping[str, Mapping[str, tuple[Slot, ...]]]


def work_out_slots(
    connection: Connection, campaign: Campaign, record: CampaignRecord | None
) -> SlotsByZone:
    """The slots of every scheduled email, for every zone that a subscriber has."""
    founders_until = record.first_claim_at if record else None
    zones = tuple(list_zones(connection))

    def work_out() -> SlotsByZone:
        return {
            zone: plan_zone(campaign, effective_zone(zone, campaign), founders_until)
            for zone in zones
        }

    return _last_slots.answer(campaign, (zones, founders_until), work_out)


def read_clocks(connection: Connection, campaign: Campaign, now: datetime) -> ZoneClocks:
    """What the clocks say at ``now`` in every zone that a subscriber has."""
    zones = tuple(list_zones(connection))
    # Days, quiet hours and the offsets of zones begin and end at whole minutes.
    minute = now.replace(second=0, microsecond=0)

    def read() -> ZoneClocks:
        return {zone: read_clock(campaign, zone, minute) for zone in zones}

    return _last_clocks.answer(campaign, (zones, minute), read)


Answer = TypeVar("Answer")


class _Memo(Generic[Answer]):
    """The last answer: a pass asks three times, and a month in 40 zones takes 50 ms."""

    def __init__(self) -> None:
        self._last: tuple[Campaign, object, Answer] | None = None

    def answer(self, campaign: Campaign, rest: object, work_out: Callable[[], Answer]) -> Answer:
        """For the same campaign, not an edited one, and an equal rest of the question."""
        last = self._last
        if last is not None and last[0] is campaign and last[1] == rest:
            return last[2]
        answer = work_out()
        self._last = (campaign, rest, answer)
        return answer


_last_slots: _Memo[SlotsByZone] = _Memo()
_last_clocks: _Memo[ZoneClocks] = _Memo()
