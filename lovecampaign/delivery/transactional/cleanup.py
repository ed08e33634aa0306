"""When is deleted what nobody confirmed? Once an hour, by whoever is there to do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lovecampaign.delivery.base.sender import Sender
from lovecampaign.store.subscribers.expire_unconfirmed import delete_unconfirmed

BETWEEN_TWO = timedelta(hours=1)


@dataclass(slots=True)
class Tidying:
    """Remembers when it was last done."""

    _done_at: datetime | None = None

    def tidy(self, sender: Sender) -> None:
        """Delete who asked to join 30 days ago and never confirmed."""
        now = sender.clock.now()
        if self._done_at is None or now - self._done_at >= BETWEEN_TWO:
            delete_unconfirmed(sender.database, now)
            self._done_at = now
