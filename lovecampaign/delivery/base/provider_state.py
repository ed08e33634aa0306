"""When does a provider take no mail at all? It refuses us as a whole, is away, or asks for time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from lovecampaign.core.errors import Refused, Unreachable
from lovecampaign.core.message import Fault, Outcome
from lovecampaign.providers.base.provider import Provider


@dataclass(slots=True)
class ProviderState:
    """How the provider takes what is on its way: what its answers say beyond their own message."""

    #: What it said about us as a whole: stop sending.
    refusal: Outcome | None = None
    #: Set where no connection could be had; nothing more was tried then.
    outage: Outcome | None = None
    #: Claims of which nothing left, since there was no connection.
    untried: set[int] = field(default_factory=set)
    #: How long it asked us to wait before anything else.
    hold_seconds: float = 0.0

    def note(self, claim_id: int, outcome: Outcome) -> None:
        if outcome.retry_after_seconds is not None:
            self.hold_seconds = max(self.hold_seconds, outcome.retry_after_seconds)
        if outcome.fault is Fault.CONFIGURATION:
            self.refusal = outcome
        if outcome.is_outage:
            self.untried.add(claim_id)
            self.outage = outcome

    @property
    def is_closed(self) -> bool:
        """Whether it takes nothing more from us."""
        return bool(self.refusal or self.outage)

    @property
    def ends_the_pass(self) -> bool:
        """Whether it said something about us, not about its messages alone."""
        return self.is_closed or self.hold_seconds > 0

    def why_closed(self, provider: Provider) -> Unreachable | None:
        """Refused for what it said about us, Unreachable where there is no connection to it."""
        if self.refusal is not None:
            return Refused(
                f"{provider.name} refuses us: {self.refusal.detail}",
                hint="check the provider's settings: lovecampaign doctor",
            )
        if self.outage is not None:
            return Unreachable(
                f"{provider.name} is away: {self.outage.detail}",
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
