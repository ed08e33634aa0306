"""Counts, reasons and local times as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lovecampaign.core.zones import load_zone

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
    there = instant.astimezone(load_zone(zone))
    return f"{there:%a} {there.day:>2} {there:%b %Y %H:%M}"


def time_and_zone(instant: datetime, zone: str) -> str:
    """``Mon  1 Feb 2027 09:00 (Europe/Paris)``."""
    return f"{local_time(instant, zone)} ({zone})"


def format_reasons(skipped: Mapping[str, int]) -> str:
    """``3 suppressed, 1 tag``; the most frequent first."""
    ordered = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {reason.replace('_', ' ')}" for reason, number in ordered)
