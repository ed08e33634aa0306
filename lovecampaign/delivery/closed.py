"""When does a provider take no mail at all? It refuses us as a whole, is away, or asks for time."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lovecampaign.errors import Refused, Unreachable
from lovecampaign.message import Outcome
from lovecampaign.providers.base import Provider


def why_closed(
    provider: Provider, refusal: Outcome | None, outage: Outcome | None
) -> Unreachable | None:
    """Refused for what it said about us, Unreachable where there is no connection to it."""
    if refusal is not None:
        return Refused(
            f"{provider.name} refuses us: {refusal.detail}",
            hint="check the provider's settings: lovecampaign doctor",
        )
    if outage is not None:
        return Unreachable(
            f"{provider.name} is away: {outage.detail}",
            hint="nothing is lost: run the same command again; run waits by itself",
        )
    return None


@dataclass(slots=True)
class Hold:
    """Until when the provider asked us to send nothing (``Retry-After``)."""

    #: By the monotonic clock.
    _until: float = 0.0

    def ask(self, seconds: float) -> None:
        self._until = max(self._until, time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._until - time.monotonic())
