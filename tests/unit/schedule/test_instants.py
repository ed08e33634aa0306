"""Local times become instants by one rule, and every zone of the tz database is known."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from lovecampaign.core.zones import is_known_zone
from lovecampaign.schedule.instants import (
    day_start,
    effective_zone,
    local_day,
    to_utc,
)
from lovecampaign.testing.months import build_month, utc

FIXED_CASES = [
    # New York 2027: the clocks leave out 02:00-03:00 on March 14, repeat 01:00-02:00 on November 7
    ("America/New_York", "2027-03-14", "02:30", "2027-03-14 07:30", "moved on to 03:30"),
    (
        "America/New_York",
        "2027-11-07",
        "01:30",
        "2027-11-07 05:30",
        "the first 01:30, in summer time",
    ),
    # Lord Howe: half an hour of summer time; 02:00-02:30 left out, 01:30-02:00 repeated
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03 15:45", "moved on to 02:45"),
    ("Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03 14:45", "the first 01:45"),
    # Troll: two hours of summer time; 01:00-03:00 left out, 01:00-03:00 repeated
    ("Antarctica/Troll", "2027-03-28", "02:00", "2027-03-28 02:00", "moved on to 04:00"),
    ("Antarctica/Troll", "2027-10-31", "02:00", "2027-10-31 00:00", "the first 02:00"),
    # Cairo: the day of the change starts at 01:00
    ("Africa/Cairo", "2027-04-30", "00:00", "2027-04-29 22:00", "moved on to 01:00"),
    ("Africa/Cairo", "2027-04-30", "00:30", "2027-04-29 22:30", "moved on to 01:30"),
    # Apia had no 2011-12-30: it crossed the date line
    ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30 19:00", "09:00 of December 31"),
    ("Pacific/Apia", "2011-12-31", "09:00", "2011-12-30 19:00", "the same instant"),
    # The ends of the earth: 25 hours apart
    ("Pacific/Kiritimati", "2027-02-01", "09:00", "2027-01-31 19:00", "UTC+14"),
    ("Pacific/Niue", "2027-02-01", "09:00", "2027-02-01 20:00", "UTC-11"),
]


@pytest.mark.parametrize(("zone", "day", "at", "expected", "why"), FIXED_CASES)
def test_local_time_to_instant(zone: str, day: str, at: str, expected: str, why: str) -> None:
    assert to_utc(date.fromisoformat(day), time.fromisoformat(at), zone) == utc(expected), why


def test_a_local_day_is_that_of_the_zone() -> None:
    instant = utc("2027-02-01 10:30")
    assert local_day(instant, "Pacific/Kiritimati") == date(2027, 2, 2)
    assert local_day(instant, "Pacific/Niue") == date(2027, 1, 31)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Europe/Paris", "Asia/Beirut", "America/Havana"])
def test_a_day_starts_at_its_first_instant_even_without_a_midnight(zone: str) -> None:
    day = date(2027, 1, 1)
    while day.year == 2027:
        start = day_start(day, zone)
        assert local_day(start, zone) == day
        assert local_day(start - timedelta(microseconds=1), zone) == day - timedelta(days=1)
        day += timedelta(days=1)


def test_a_day_that_never_was_starts_with_the_next() -> None:
    zone = "Pacific/Apia"
    assert day_start(date(2011, 12, 30), zone) == day_start(date(2011, 12, 31), zone)


def test_every_iana_zone_is_known() -> None:
    unknown = {zone for zone in available_timezones() if not is_known_zone(zone)}
    assert unknown <= {"localtime", "Factory"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Europe/Pariss",
        "europe/paris",
        "../../etc/passwd",
        "/etc/localtime",
        "a\0b",
        "localtime",
        "Factory",
        "posixrules",
        "right/Europe/Paris",
        "x" * 5000,
    ],
)
def test_what_is_no_zone_is_unknown(name: str) -> None:
    assert not is_known_zone(name)


def test_a_reader_without_a_known_zone_gets_the_campaigns() -> None:
    campaign = build_month(timezone="Asia/Tokyo")
    assert effective_zone("America/Lima", campaign) == "America/Lima"
    assert effective_zone("America/Limo", campaign) == "Asia/Tokyo"
    assert effective_zone(None, campaign) == "Asia/Tokyo"


def test_the_rule_is_that_of_fold_zero_in_every_zone_and_change_of_2026_to_2028() -> None:
    """No local time is early: the clocks there show it, or a later time inside a gap."""
    for zone in sorted(zone for zone in available_timezones() if is_known_zone(zone)):
        for day in _days_of_change(zone):
            for minutes in range(0, 24 * 60, 30):
                wall = datetime.combine(day, time(minutes // 60, minutes % 60))
                shown = to_utc(day, wall.time(), zone).astimezone(ZoneInfo(zone))
                assert wall <= shown.replace(tzinfo=None) <= wall + timedelta(hours=2)
                assert shown.fold == 0 or shown.replace(tzinfo=None) > wall


def _days_of_change(zone: str) -> list[date]:
    place = ZoneInfo(zone)
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(3 * 365)]
    noons = [datetime.combine(day, time(12), tzinfo=place).utcoffset() for day in days]
    return [
        day
        for day, before, after in zip(days[1:], noons, noons[1:], strict=False)
        if before != after
    ]
