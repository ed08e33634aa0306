"""Whether the provider takes mail at all: it may reject us, be unreachable, or ask for a pause."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from lovecampaign.core.clock import Clock
from lovecampaign.core.errors import ProviderRefused, Unreachable
from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.delivery.base.settlements import DOMAIN_REST
from lovecampaign.providers.base.provider import Provider

MAX_HOLDS_IN_VAIN = 6
_LONG_SECONDS = 600.0


@dataclass(slots=True)
class ProviderState:
    """What the outcomes of a chunk say beyond their own messages."""

    #: The provider rejects our configuration: stop sending.
    rejection: Outcome | None = None
    #: There was no connection; nothing more was tried then.
    outage: Outcome | None = None
    #: Our own sending limit is reached: stop for a while.
    quota: Outcome | None = None
    #: We send too fast: it takes more after a wait.
    rate_limit: Outcome | None = None
    has_accepted: bool = False
    #: Claims of which no byte was sent, for lack of a connection.
    untried: set[int] = field(default_factory=set)
    #: How long it asked us to wait before the next message.
    hold_seconds: float = 0.0

    def note(self, claim_id: int, outcome: Outcome) -> None:
        if outcome.retry_after_seconds is not None:
            self.hold_seconds = max(self.hold_seconds, outcome.retry_after_seconds)
        if outcome.kind is OutcomeKind.ACCEPTED:  # nearly all
            self.has_accepted = True
            return
        if outcome.is_held:
            self.rate_limit = outcome
        if outcome.fault is FaultKind.CONFIGURATION:
            self.rejection = outcome
        if outcome.fault is FaultKind.QUOTA:
            self.quota = outcome
        if outcome.is_outage:
            self.untried.add(claim_id)
            self.outage = outcome

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more messages from us."""
        return bool(self.rejection or self.outage or self.quota)

    @property
    def ends_the_pass(self) -> bool:
        """Whether an outcome concerns us, not its message alone."""
        return self.is_closed or self.hold_seconds > 0

    def why_closed(self, provider: Provider) -> Unreachable | None:
        """ProviderRefused where it rejects us, Unreachable where there is no connection to it."""
        if self.rejection is not None:
            return ProviderRefused(
                f"{provider.name} rejects us: {self.rejection.detail}",
                hint="check the provider's settings: lovecampaign doctor",
            )
        if self.outage is not None:
            return Unreachable(
                f"{provider.name} cannot be reached: {self.outage.detail}",
                hint="nothing is lost: run the same command again; run waits by itself",
            )
        return None


@dataclass(slots=True)
class RestingDomains:
    """Domains that no server took mail for, until they are tried again."""

    _until: dict[str, datetime] = field(default_factory=dict)

    def note(self, address_key: str, outcome: Outcome, clock: Clock) -> None:
        if outcome.fault is FaultKind.DESTINATION:
            self._until[_domain(address_key)] = clock.now() + DOMAIN_REST
        elif self._until and outcome.kind is OutcomeKind.ACCEPTED:
            self._until.pop(_domain(address_key), None)

    def rests_until(self, address_key: str, clock: Clock) -> datetime | None:
        """None: the domain may be tried."""
        until = self._until.get(_domain(address_key)) if self._until else None
        return until if until is not None and until > clock.now() else None


def _domain(address_key: str) -> str:
    return address_key.rpartition("@")[2]


@dataclass(slots=True)
class Hold:
    """Until when the provider asked us to send nothing (``Retry-After``, a rate limit)."""

    #: By the monotonic clock.
    _until: float = 0.0
    #: Holds since the last accepted message.
    _in_vain: int = 0

    def extend(self, seconds: float, *, has_accepted: bool) -> None:
        """``has_accepted``: whether it took any message since the last hold.

        After several in vain comes a long one.
        """
        self._in_vain = 1 if has_accepted else self._in_vain + 1
        if self._in_vain > MAX_HOLDS_IN_VAIN:
            seconds = max(seconds, _LONG_SECONDS)
        self._until = max(self._until, time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._until - time.monotonic())
