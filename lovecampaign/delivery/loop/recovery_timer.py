"""When does a sender look for what others leave that die?

At the start and end of a pass, and every ten seconds in between (DESIGN.md, "The ledger").
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from lovecampaign.delivery.base.sender import Sender
from lovecampaign.delivery.loop.recovery import RecoveredClaims, recover

SECONDS_BETWEEN_LOOKS = 10.0


@dataclass(slots=True, kw_only=True)
class RecoveryTimer:
    """The looks of one pass."""

    sender: Sender
    seconds_between: float = SECONDS_BETWEEN_LOOKS
    found: RecoveredClaims = field(default_factory=RecoveredClaims)
    _looked_at: float = field(default_factory=time.monotonic)

    def look(self) -> RecoveredClaims:
        """Take over from every sender that died; returns what this look found."""
        found = recover(self.sender)
        self._looked_at = time.monotonic()
        self.found += found
        return found

    def look_if_time(self) -> None:
        """Between two chunks of a long pass."""
        if time.monotonic() - self._looked_at >= self.seconds_between:
            self.look()
