"""Quiet hours delay an email to their end, on the reader's clock."""

from __future__ import annotations

from datetime import date, time, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.campaign.model.sending import QuietHours
from lovecampaign.core.zones import is_known_zone
from lovecampaign.schedule.instants import to_utc
from lovecampaign.schedule.quiet import after_quiet_hours, is_quiet
from lovecampaign.testing.months import utc

NIGHT = QuietHours(start=time(21), end=time(7))
NOON = QuietHours(start=time(12), end=time(14))
ZONES = sorted(zone for zone in available_timezones() if is_known_zone(zone))


@pytest.mark.parametrize(
    ("quiet_hours", "instant", "expected"),
    [
        (NIGHT, "2027-02-01 19:59", "2027-02-01 19:59"),
        (NIGHT, "2027-02-01 20:00", "2027-02-02 06:00"),
        (NIGHT, "2027-02-01 23:30", "2027-02-02 06:00"),
        (NIGHT, "2027-02-02 05:59", "2027-02-02 06:00"),
        (NIGHT, "2027-02-02 06:00", "2027-02-02 06:00"),
        (NOON, "2027-02-01 11:00", "2027-02-01 13:00"),
        (NOON, "2027-02-01 13:00", "2027-02-01 13:00"),
        (None, "2027-02-01 23:30", "2027-02-01 23:30"),
    ],
)
def test_an_instant_in_quiet_hours_moves_to_their_end(
    quiet_hours: QuietHours | None, instant: str, expected: str
) -> None:
    assert after_quiet_hours(utc(instant), "Europe/Paris", quiet_hours) == utc(expected)


def test_quiet_hours_that_start_when_they_end_are_none() -> None:
    nothing = QuietHours(start=time(8), end=time(8))
    assert not is_quiet(utc("2027-02-01 07:00"), "Europe/Paris", nothing)


def test_the_end_inside_an_hour_that_comes_twice_is_never_before_the_instant() -> None:
    """New York, 2027-11-07: at the second 01:15, quiet until 01:30 means the second 01:30."""
    quiet_hours = QuietHours(start=time(22), end=time(1, 30))
    delayed = after_quiet_hours(utc("2027-11-07 06:15"), "America/New_York", quiet_hours)
    assert delayed == utc("2027-11-07 06:30")


def test_the_end_inside_a_gap_moves_on_with_the_clocks() -> None:
    quiet_hours = QuietHours(start=time(22), end=time(2, 30))
    delayed = after_quiet_hours(utc("2027-03-14 06:00"), "America/New_York", quiet_hours)
    assert delayed == utc("2027-03-14 07:30")


@settings(max_examples=300)
@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    at=st.times(),
    start=st.integers(0, 23),
    hours=st.integers(1, 12),
)
def test_nothing_goes_out_in_quiet_hours_and_nothing_waits_longer_than_they_last(
    zone: str, day: date, at: time, start: int, hours: int
) -> None:
    quiet_hours = QuietHours(start=time(start), end=time((start + hours) % 24))
    instant = to_utc(day, at, zone)
    delayed = after_quiet_hours(instant, zone, quiet_hours)
    assert not is_quiet(delayed, zone, quiet_hours)
    assert timedelta(0) <= delayed - instant <= timedelta(hours=hours + 2)
    assert (delayed == instant) == (not is_quiet(instant, zone, quiet_hours))
