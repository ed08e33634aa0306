"""Facts about the month as a calendar file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from lovecampaign.schedule.icalendar import format_calendar

NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)
NINE = datetime(2027, 2, 1, 8, tzinfo=UTC)


def test_every_email_is_an_event_at_its_first_moment() -> None:
    made = format_calendar("Spring", "spring-2027", NOW, [("day-01", "Day 1: hello, Zoë", NINE)])
    calendar = Calendar.from_ical(made)

    (event,) = calendar.walk("VEVENT")
    assert str(event["summary"]) == "Day 1: hello, Zoë"
    assert event.decoded("dtstart") == NINE
    assert str(event["uid"]) == "day-01.spring-2027@lovecampaign"
    assert str(calendar["x-wr-calname"]) == "Spring"


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("Love; in April", r"Love\; in April"),
        ("a, b", r"a\, b"),
        ("C:\\new", r"C:\\new"),
        ("one\ntwo", r"one\ntwo"),
        ("x\r\nDTSTART:1", r"x\nDTSTART:1"),
        ("Zoë: “now”", "Zoë: “now”"),
        ("ä" * 99, "ä" * 99),
    ],
)
def test_names_and_titles_are_escaped(name: str, escaped: str) -> None:
    """RFC 5545, section 3.3.11; what an x- property holds is TEXT too (3.8.8.2)."""
    made = format_calendar(name, "spring-2027", NOW, [("day-01", name, NINE)])
    lines = made.decode().replace("\r\n ", "").split("\r\n")

    assert {f"X-WR-CALNAME:{escaped}", f"SUMMARY:{escaped}"} <= set(lines)


def test_a_newer_file_moves_the_events_of_an_older_one() -> None:
    files = [
        format_calendar("S", "s", now, [("day-01", "Hello", NINE + (now - NOW))])
        for now in (NOW, NOW + timedelta(seconds=1), NOW + timedelta(days=3650))
    ]
    events = [Calendar.from_ical(file).walk("VEVENT")[0] for file in files]
    sequences = [event.decoded("sequence") for event in events]
    changed = [event.decoded("last-modified") for event in events]

    assert len({str(event["uid"]) for event in events}) == 1
    assert sequences == sorted(set(sequences))
    assert changed == sorted(set(changed))
    assert 0 <= sequences[0] <= sequences[-1] < 2**31


def test_the_same_month_is_the_same_file() -> None:
    entries = [("day-01", "Hello", NINE)]

    assert format_calendar("S", "s", NOW, entries) == format_calendar("S", "s", NOW, entries)


def test_lines_end_and_fold_as_the_standard_says() -> None:
    made = format_calendar("S", "s", NOW, [("day-01", "ä" * 200, NINE)])

    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    assert b"\n" not in made.replace(b"\r\n", b"")
