"""Facts about the month as a calendar file."""

from __future__ import annotations

from datetime import UTC, datetime

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


def test_the_same_month_is_the_same_file() -> None:
    entries = [("day-01", "Hello", NINE)]

    assert format_calendar("S", "s", NOW, entries) == format_calendar("S", "s", NOW, entries)


def test_lines_end_and_fold_as_the_standard_says() -> None:
    made = format_calendar("S", "s", NOW, [("day-01", "ä" * 200, NINE)])

    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    assert b"\n" not in made.replace(b"\r\n", b"")
