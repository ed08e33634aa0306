"""Sending settings: time of day, pace, and the thresholds that pause a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from fractions import Fraction


class ClockChoice(StrEnum):
    """The time zone of ``sending.at``: the subscriber's or the campaign's."""

    SUBSCRIBER = "subscriber"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """No day email between these local times; wraps around midnight where start > end."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """Shares of one email's deliveries that pause the campaign; at least ``from_deliveries``."""

    complaints: Fraction
    hard_bounces: Fraction
    unsubscribes: Fraction
    from_deliveries: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    at: time
    clock: ClockChoice
    #: IANA name, for subscribers without a known zone.
    unknown_timezone: str
    quiet_hours: QuietHours | None = None
    late_after: timedelta
    #: Messages per second of the whole campaign; None is ``unlimited``.
    max_per_second: float | None
    brake: Brake
