"""The campaign calendar as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar, Event

#: Long enough to be visible in a week view.
SHOWN_FOR = timedelta(minutes=15)


def format_calendar(
    name: str, campaign_id: str, now: datetime, entries: Iterable[tuple[str, str, datetime]]
) -> bytes:
    """A calendar with one event for each (key, title, first instant of sending).

    An event's UID stays the same, so that importing a newer file moves it.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//lovecampaign//plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for key, title, begins in entries:
        event = Event()
        event.add("uid", f"{key}.{campaign_id}@lovecampaign")
        event.add("dtstamp", now)
        event.add("dtstart", begins)
        event.add("duration", SHOWN_FOR)
        event.add("summary", title)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
