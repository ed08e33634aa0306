"""A circuit breaker: after a failed connection, no new attempt for some seconds."""

from __future__ import annotations

import time

from lovecampaign.providers.base.outcomes import NoConnection, Verdict

#: An overloaded server, or one that counts failed logins, is not asked again for each message.
COOLDOWN_SECONDS = 10.0


class CircuitBreaker:
    """Open for some seconds after a failure, which is repeated meanwhile."""

    def __init__(self, seconds: float = COOLDOWN_SECONDS) -> None:
        self._seconds = seconds
        self._failure: Verdict | None = None
        self._failed_at = 0.0

    def check(self) -> None:
        """Raises NoConnection with the last failure while the breaker is open."""
        is_over = time.monotonic() - self._failed_at >= self._seconds
        if self._failure is not None and not is_over:
            raise NoConnection(self._failure)

    def open(self, failure: Verdict) -> None:
        self._failure, self._failed_at = failure, time.monotonic()

    def close(self) -> None:
        self._failure = None
