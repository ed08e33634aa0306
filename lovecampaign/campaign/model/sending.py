"""When does mail go out, how fast, and what stops it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from fractions import Fraction


class ClockChoice(StrEnum):
    """Whose clock ``sending.at`` names."""

    SUBSCRIBER = "subscriber"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """No day email between these local times; wraps around midnight where start > end."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """Shares of one email's deliveries that pause the campaign, from ``from_deliveries`` on."""

    complaints: Fraction
    hard_bounces: Fraction
    unsubscribes: Fraction
    from_deliveries: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    at: time
    clock: ClockChoice
    #: IANA name, for readers without a zone of their own or with one nobody knows.
    unknown_timezone: str
    quiet_hours: QuietHours | None = None
    late_after: timedelta
    #: Messages a second over the whole campaign; None is ``unlimited``.
    max_per_second: float | None
    brake: Brake
