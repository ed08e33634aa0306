"""Counts links of rows that the database does not have, and warns the operator.

Their tokens are signed by us, so the rows existed: most likely an older copy of the database was
put back, and unsubscribes since then are missing in it too.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from lovecampaign.core.clock import format_instant
from lovecampaign.core.interval import Interval

_LOG = logging.getLogger(__name__)
#: One link may be opened any number of times.
SECONDS_BETWEEN_WARNINGS = 60.0


class UnknownLinks:
    """Thread-safe."""

    def __init__(self, seconds_between_warnings: float = SECONDS_BETWEEN_WARNINGS) -> None:
        self._interval = Interval(seconds_between_warnings)
        self._lock = threading.Lock()
        self._count = 0
        self._last: datetime | None = None

    def note(self, now: datetime) -> None:
        """A link of an unknown row was opened."""
        with self._lock:
            self._count += 1
            self._last = now
            is_due = self._interval.is_due()
        if is_due:
            _LOG.warning("%s", self.warning)

    @property
    def warning(self) -> str | None:
        """For ``/readyz`` and the log; None while every link is known."""
        with self._lock:
            if self._last is None:
                return None
            many = f"{self._count} times, the last at {format_instant(self._last)},"
        return (
            f"{many} a link of ours was opened that the database does not know: if an older copy "
            "of it was put back, the unsubscribes since then are missing; see docs/operating.md"
        )
