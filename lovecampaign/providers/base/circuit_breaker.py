"""Should a server that has just refused to connect be asked again?"""

from __future__ import annotations

import time

from lovecampaign.providers.base.outcomes import NoConnection, Verdict

#: A server in trouble, or one that counts failed logins, is not asked again for each message.
COOLDOWN_SECONDS = 10.0


class CircuitBreaker:
    """Lets the last failure stand for a while."""

    def __init__(self, seconds: float = COOLDOWN_SECONDS) -> None:
        self._seconds = seconds
        self._failure: Verdict | None = None
        self._failed_at = 0.0

    def check(self) -> None:
        """Raises NoConnection with the last failure while it stands."""
        is_over = time.monotonic() - self._failed_at >= self._seconds
        if self._failure is not None and not is_over:
            raise NoConnection(self._failure)

    def start(self, failure: Verdict) -> None:
        self._failure, self._failed_at = failure, time.monotonic()

    def end(self) -> None:
        self._failure = None
