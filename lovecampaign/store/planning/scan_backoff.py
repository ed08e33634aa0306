"""Back-off for scans over all subscribers that find nothing.

A pass runs every ten seconds, and with ten million subscribers one scan takes about as long. So
after a long scan without results the next one is delayed. A change of the scan's arguments ends
the delay at once; other changes (a new subscriber, another zone, the end of a pause) are found
within a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from weakref import WeakKeyDictionary

from lovecampaign.store.database.engine import Database

ScanResult = TypeVar("ScanResult")
#: Shorter scans are never delayed: up to about three million subscribers.
LONG_SECONDS = 2.0
#: A scan may take one in so many seconds of the time …
SHARE = 20
#: … but is never delayed for longer than this.
LONGEST_PAUSE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pause:
    arguments: object
    since: datetime
    until: datetime

    def holds(self, arguments: object, now: datetime) -> bool:
        """Whether to skip the scan; a clock that was set back ends the pause."""
        return self.arguments == arguments and self.since <= now < self.until


class ScanBackoff:
    """The back-off of one kind of scan, per database and key."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._pauses: WeakKeyDictionary[Database, dict[Hashable, _Pause]] = WeakKeyDictionary()

    def run(
        self,
        database: Database,
        key: Hashable,
        arguments: object,
        now: datetime,
        scan: Callable[[], ScanResult],
    ) -> ScanResult | None:
        """The result of ``scan``; None during a pause.

        ``arguments``: all that the scan depends on, except ``now``.
        """
        pauses = self._pauses.setdefault(database, {})
        pause = pauses.get(key)
        if pause is not None and pause.holds(arguments, now):
            return None
        start = self._seconds()
        result = scan()
        seconds = self._seconds() - start
        pauses.pop(key, None)
        if not result and seconds >= LONG_SECONDS:
            length = min(timedelta(seconds=SHARE * seconds), LONGEST_PAUSE)
            pauses[key] = _Pause(arguments=arguments, since=now, until=now + length)
        return result
