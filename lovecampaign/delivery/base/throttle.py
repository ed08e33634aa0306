"""How fast may a campaign's mail leave, over all its connections and machines?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.store.ledger.counters import reserve_pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Reserved time: when the first message may leave, and how far apart they are."""

    #: By the machine's clock, in seconds since 1970.
    starts_at: float
    seconds_apart: float

    def due(self, number: int) -> float:
        return self.starts_at + number * self.seconds_apart


def find_throttle_rate(sender: Sender, campaign: Campaign) -> float | None:
    """Messages per second, where somebody else's server does the receiving; None: no limit."""
    return campaign.sending.max_per_second if sender.provider.is_throttled else None


def reserve_throttle(
    connection: Connection, sender: Sender, campaign: Campaign, campaign_id: int, count: int
) -> Throttle | None:
    """Time for ``count`` messages, shared with whoever else sends for the campaign."""
    per_second = find_throttle_rate(sender, campaign)
    if per_second is None or count == 0:
        return None
    starts_at = reserve_pace(connection, campaign_id, count, per_second, datetime.now(UTC))
    return Throttle(starts_at=starts_at.timestamp(), seconds_apart=1 / per_second)
