"""Counts and local times as text."""

from __future__ import annotations

from datetime import datetime

from lovecampaign.core.zones import ZoneInfo

_PLURALS = {
    "person": "people",
    "reply": "replies",
    "delivery": "deliveries",
    "address": "addresses",
}


def count_of(number: int, thing: str) -> str:
    """``1 file``, ``1,234 files``, ``2 people``."""
    return f"{number:,} {thing if number == 1 else _PLURALS.get(thing, thing + 's')}"


def local_time(instant: datetime, zone: str) -> str:
    """``Mon  1 Feb 2027 09:00``, in that time zone."""
    there = instant.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day:>2} {there:%b %Y %H:%M}"


def time_and_zone(instant: datetime, zone: str) -> str:
    """``Mon  1 Feb 2027 09:00 (Europe/Paris)``."""
    return f"{local_time(instant, zone)} ({zone})"
