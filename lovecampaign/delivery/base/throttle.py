"""Our throttle: a campaign's send rate, shared by all its connections and machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.store.ledger.counters import reserve_pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A reserved time span: when the first message may leave, and the interval of the others."""

    #: By the machine's clock, in seconds since 1970.
    starts_at: float
    seconds_apart: float

    def due(self, number: int) -> float:
        return self.starts_at + number * self.seconds_apart


def find_throttle_rate(sender: SendingProcess, campaign: Campaign) -> float | None:
    """Messages per second, where a server receives them; None: no limit."""
    return campaign.sending.max_per_second if sender.provider.is_throttled else None


def reserve_throttle(
    connection: Connection, sender: SendingProcess, campaign: Campaign, campaign_id: int, count: int
) -> Throttle | None:
    """Reserve time for ``count`` messages among all processes that send for the campaign."""
    per_second = find_throttle_rate(sender, campaign)
    if per_second is None or count == 0:
        return None
    starts_at = reserve_pace(connection, campaign_id, count, per_second, datetime.now(UTC))
    return Throttle(starts_at=starts_at.timestamp(), seconds_apart=1 / per_second)
