"""Conversions between local times and instants (UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.zones import is_known_zone, load_zone


def to_utc(day: date, at: time, zone: str) -> datetime:
    """The instant when the clocks of ``zone`` show ``at`` on ``day``.

    A time that a clock change leaves out moves forward by the gap (02:30 becomes 03:30), and a
    time that comes twice is its first: both are what ``fold=0`` means (PEP 495). A date that a
    zone never had (Apia, 2011-12-30) lands on the next one in the same way.
    """
    return datetime.combine(day, at, tzinfo=load_zone(zone)).astimezone(UTC)


def to_utc_second(day: date, at: time, zone: str) -> datetime:
    """As :func:`to_utc`, with the second of a time that comes twice."""
    return datetime.combine(day, at.replace(fold=1), tzinfo=load_zone(zone)).astimezone(UTC)


def day_start(day: date, zone: str) -> datetime:
    """The first instant of a local day; for a day that the zone skipped, of the next."""
    return to_utc(day, time.min, zone)


def local_day(instant: datetime, zone: str) -> date:
    """The date on a calendar in ``zone`` at that instant."""
    return instant.astimezone(load_zone(zone)).date()


def effective_zone(name: str | None, campaign: Campaign) -> str:
    """A subscriber's zone; if missing or unknown, the campaign's ``unknown_timezone``."""
    if name is not None and is_known_zone(name):
        return name
    return campaign.sending.unknown_timezone
