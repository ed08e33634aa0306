"""Our throttle: a campaign's send rate, shared by all its connections, processes and machines."""

from __future__ import annotations

import time

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.store.sending.pace import take_permits

#: Permits are taken together, these at least: a commit for each message would be the limit.
_PERMITS_TOGETHER = 10
#: At a high rate, as many as leave within this time.
_SECONDS_TOGETHER = 0.1


class Throttle:
    """Permits of one campaign, one for each message. Used by one thread at a time."""

    def __init__(self, sender: SendingProcess, campaign_id: int, per_second: float) -> None:
        self.per_second = per_second
        self._sender = sender
        self._campaign_id = campaign_id
        self._permits = 0
        #: By the monotonic clock, when the next permit counts.
        self._next_at = 0.0

    def wait(self, most: int) -> None:
        """Wait until the next message may leave; ``most``: how many may follow, with it."""
        if self._sender.stop.is_set():
            return
        if self._permits == 0:
            self._take(most)
        self._permits -= 1
        at = self._next_at
        self._next_at += 1 / self.per_second
        self._sender.wait(at - time.monotonic())

    def _take(self, most: int) -> None:
        together = max(_PERMITS_TOGETHER, int(self.per_second * _SECONDS_TOGETHER))
        self._permits = max(1, min(most, together))
        with self._sender.database.write() as connection:
            wait = take_permits(
                connection,
                self._sender.provider.name,
                self._campaign_id,
                self._permits,
                self.per_second,
            )
        self._next_at = time.monotonic() + wait


def make_throttle(sender: SendingProcess, campaign: Campaign, campaign_id: int) -> Throttle | None:
    """The throttle where a server receives the messages; None: no limit."""
    per_second = campaign.sending.max_per_second
    if per_second is None or not sender.provider.is_throttled:
        return None
    return Throttle(sender, campaign_id, per_second)
