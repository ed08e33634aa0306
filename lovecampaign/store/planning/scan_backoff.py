"""How often do we look through everybody, where most looks find nothing?

A pass comes every ten seconds. With ten million people one look takes about as long, so a look
that was long in vain rests for a while. Whatever changes the question asks it at once, and what
changed without it (a new subscriber, another zone, a pause that ended) waits a minute at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from weakref import WeakKeyDictionary

from lovecampaign.store.database.engine import Database

Found = TypeVar("Found")
#: Shorter looks never rest: up to some three million people, everything counts at the next pass.
LONG_SECONDS = 2.0
#: A look may take this share of the time, one in so many seconds, …
SHARE = 20
#: … but nobody waits longer for one.
LONGEST_PAUSE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pause:
    question: object
    since: datetime
    until: datetime

    def holds(self, question: object, now: datetime) -> bool:
        """Whether nobody needs to look now; a clock that was put back ends a rest."""
        return self.question == question and self.since <= now < self.until


class ScanBackoff:
    """The looks of one kind, by what they look after."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._rests: WeakKeyDictionary[Database, dict[Hashable, _Pause]] = WeakKeyDictionary()

    def take(
        self,
        database: Database,
        what: Hashable,
        question: object,
        now: datetime,
        look: Callable[[], Found],
    ) -> Found | None:
        """What a look finds; None while it rests. ``question``: all that is asked, bar ``now``."""
        rests = self._rests.setdefault(database, {})
        rest = rests.get(what)
        if rest is not None and rest.holds(question, now):
            return None
        start = self._seconds()
        found = look()
        seconds = self._seconds() - start
        rests.pop(what, None)
        if not found and seconds >= LONG_SECONDS:
            length = min(timedelta(seconds=SHARE * seconds), LONGEST_PAUSE)
            rests[what] = _Pause(question=question, since=now, until=now + length)
        return found
