"""Facts about instants and clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.core.clock import (
    FixedClock,
    SystemClock,
    format_instant,
    parse_instant,
    require_aware,
)

NOON = datetime(2027, 2, 1, 12, tzinfo=UTC)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-02-01T12:00Z", "2027-02-01T12:00:00Z"),
        ("2027-02-01T12:00+01:00", "2027-02-01T11:00:00Z"),
        (" 2027-02-01 12:00:30-0500 ", "2027-02-01T17:00:30Z"),
        ("2027-02-01T00:00:00.999+00:00", "2027-02-01T00:00:00Z"),
    ],
)
def test_an_instant_with_an_offset_is_read_as_utc(text: str, expected: str) -> None:
    assert format_instant(parse_instant(text)) == expected


@pytest.mark.parametrize("text", ["", "today", "2027-02-01", "2027-02-01T12:00", "2027-02-30T12Z"])
def test_an_instant_without_offset_or_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|instant"):
        parse_instant(text)


@given(st.datetimes(min_value=datetime(1971, 1, 1), timezones=offsets))  # noqa: DTZ001 - hypothesis wants a naive bound
def test_writing_and_reading_keeps_the_second(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant.replace(microsecond=0)


def test_a_fixed_clock_stands_still_until_it_is_moved() -> None:
    clock = FixedClock(NOON)
    assert clock.now() == clock.now() == NOON

    clock.move_to(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


def test_every_clock_tells_utc() -> None:
    paris = NOON.astimezone(timezone(timedelta(hours=1)))

    assert FixedClock(paris).now().tzinfo is UTC
    assert SystemClock().now().tzinfo is UTC


def test_a_naive_datetime_is_no_instant() -> None:
    with pytest.raises(ValueError, match="no offset"):
        require_aware(NOON.replace(tzinfo=None))
