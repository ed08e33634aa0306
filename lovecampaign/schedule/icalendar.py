"""The campaign calendar as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vText

#: Long enough to be visible in a week view.
SHOWN_FOR = timedelta(minutes=15)
#: SEQUENCE counts seconds, which fit into its 31 bits until 2094.
_SEQUENCE_ZERO = datetime(2026, 1, 1, tzinfo=UTC)


def format_calendar(
    name: str, campaign_id: str, now: datetime, entries: Iterable[tuple[str, str, datetime]]
) -> bytes:
    """A calendar with one event for each (key, title, first instant of sending).

    An event's UID stays the same, and its SEQUENCE and LAST-MODIFIED rise with ``now``, so that
    importing a newer file moves it (RFC 5545, sections 3.8.7.3 and 3.8.7.4).
    """
    calendar = Calendar()
    calendar.add("prodid", "-//lovecampaign//plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", vText(name))  # any other type would not be escaped
    for key, title, begins in entries:
        event = Event()
        event.add("uid", f"{key}.{campaign_id}@lovecampaign")
        event.add("dtstamp", now)
        event.add("last-modified", now)
        event.add("sequence", max(0, int((now - _SEQUENCE_ZERO).total_seconds())))
        event.add("dtstart", begins)
        event.add("duration", SHOWN_FOR)
        event.add("summary", title)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
