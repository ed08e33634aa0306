"""A streak counts a reader's local days, also where they travel."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lovecampaign.schedule.streak import TaskMark, count_streak

PARIS, TOKYO, HONOLULU, KIRITIMATI = (
    *("Europe/Paris", "Asia/Tokyo"),
    *("Pacific/Honolulu", "Pacific/Kiritimati"),
)


def at(day: int, hour: int, zone: str = PARIS) -> TaskMark:
    """A mark in February 2027; the hour is UTC."""
    return TaskMark(at=datetime(2027, 2, day, hour, tzinfo=UTC), zone=zone)


@pytest.mark.parametrize(
    ("marks", "now", "streak"),
    [
        ([], at(5, 12), 0),
        ([at(5, 8)], at(5, 12), 1),
        ([at(4, 8)], at(5, 22), 1),  # yesterday: there is still time today
        ([at(3, 8)], at(5, 12), 0),
        ([at(3, 8), at(5, 8), at(4, 22), at(4, 23)], at(5, 12), 3),  # 23:00Z is the 5th in Paris
        ([at(1, 8), at(2, 8), at(4, 8), at(5, 8)], at(5, 12), 2),
        ([at(5, 8), at(5, 9), at(5, 10)], at(5, 12), 1),  # several tasks of one day
        ([at(3, 23), at(5, 21)], at(5, 21), 2),  # the 4th at 0:00 and the 5th at 22:00
        ([at(3, 22), at(4, 23)], at(5, 12), 1),  # the 3rd and the 5th
    ],
)
def test_local_days_in_a_row_are_counted(marks: list[TaskMark], now: TaskMark, streak: int) -> None:
    assert count_streak(marks, now.at, now.zone) == streak


@pytest.mark.parametrize(
    ("marks", "now", "streak"),
    [
        # East over the date line: the 5th had one hour.
        ([at(5, 9, HONOLULU), at(5, 20, KIRITIMATI)], at(5, 21, KIRITIMATI), 2),
        # West: the 5th comes twice.
        ([at(4, 22, TOKYO), at(5, 20, HONOLULU)], at(5, 21, HONOLULU), 2),
        ([at(4, 8, PARIS), at(5, 1, TOKYO), at(6, 9, PARIS)], at(6, 10, PARIS), 3),
        # A day was missed in both zones.
        ([at(2, 8, PARIS), at(5, 1, TOKYO)], at(5, 2, TOKYO), 1),
        # The mark of today where they were is still today's or yesterday's where they are.
        ([at(5, 8, HONOLULU)], at(6, 2, KIRITIMATI), 1),
    ],
)
def test_a_change_of_zone_breaks_no_streak(
    marks: list[TaskMark], now: TaskMark, streak: int
) -> None:
    assert count_streak(marks, now.at, now.zone) == streak
