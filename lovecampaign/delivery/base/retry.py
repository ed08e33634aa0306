"""When is a delivery tried again, and when do we give up?"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

#: After the first, second and third try; every further one waits as long as the last.
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MOST_ATTEMPTS = 8
#: Spreads tries over a tenth of the delay, so that a crowd does not come back in one second.
JITTER = 0.1
GAVE_UP = "gave_up"


def next_try(
    attempts: int,
    now: datetime,
    expires_at: datetime | None,
    chance: random.Random,
    least_seconds: float = 0.0,
) -> datetime | None:
    """The instant of the next try after ``attempts`` tries, a whole second; None: give up.

    Gives up after eight tries, and where the next one would come too late for its reader.
    ``least_seconds`` is what the provider asked for.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    delay = DELAYS[min(attempts, len(DELAYS)) - 1]
    wait = max(delay * (1 + chance.uniform(0, JITTER)), timedelta(seconds=least_seconds))
    at = _whole_second(now + wait)
    return None if expires_at is not None and at >= expires_at else at


def _whole_second(at: datetime) -> datetime:
    """The next one: what JSON says is when it is due, and not an instant before."""
    return at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
