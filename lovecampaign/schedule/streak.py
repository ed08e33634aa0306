"""Streaks of a subscriber's local days, over changes of time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.schedule.instants import local_day


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMark:
    """A small task that a subscriber marked as done."""

    at: datetime
    #: Where they were then.
    zone: str


def count_streak(marks: Sequence[TaskMark], now: datetime, zone: str) -> int:
    """Consecutive local days with a mark, up to today or yesterday; ``marks`` in any order.

    Between two zones a day may be missing from the calendar or come twice: it counts as missed
    only if it is missing in the zones of both marks.
    """
    newest_first = sorted(marks, key=lambda mark: mark.at, reverse=True)
    later, streak = TaskMark(at=now, zone=zone), 0
    for mark in newest_first:
        gaps = _gaps(mark, later)
        if min(gaps) > 1:
            break
        if streak == 0 or max(gaps) >= 1:
            streak += 1
            later = mark
    return streak


def _gaps(mark: TaskMark, later: TaskMark) -> list[int]:
    """Days between two marks: by the calendar of each zone, and by those that they had."""
    calendars = ((mark.zone, mark.zone), (later.zone, later.zone), (mark.zone, later.zone))
    return [(local_day(later.at, zone) - local_day(mark.at, own)).days for own, zone in calendars]
