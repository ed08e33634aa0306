"""Has somebody paused the campaign, or cancelled the email, since its claims were made?"""

from __future__ import annotations

import time
from dataclasses import dataclass

from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import is_called_off

#: Soon enough for whoever typed it; a look for each letter would make all of them slower.
_SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(slots=True, kw_only=True)
class CancellationCheck:
    """Looks now and then, however often it is asked."""

    database: Database
    campaign_id: int
    email_id: int
    _looked_at: float = 0.0
    _found: bool = False

    def look(self) -> bool:
        """Whether nothing more of this email may leave."""
        now = time.monotonic()
        if now - self._looked_at >= _SECONDS_BETWEEN_LOOKS:
            self._looked_at = now
            with self.database.read() as connection:
                self._found = is_called_off(connection, self.campaign_id, self.email_id)
        return self._found
