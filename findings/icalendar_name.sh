#!/usr/bin/env bash
# icalendar writes and reads the name of a calendar without escaping.
#
# NAME is a TEXT property (RFC 7986, section 5.1), and TEXT escapes commas, semicolons and
# backslashes (RFC 5545, section 3.3.11). icalendar escapes SUMMARY and DESCRIPTION, but not NAME
# and X-WR-CALNAME: `calendar_name` and `Calendar.new(name=…)` write "Love; in April, 2027" as it
# is, and the escaped name of another program is read with its backslashes.
# It reads both as vUnknown, in place of vText.
#
# Versions: icalendar 7.3.2, CPython 3.11. Seen on 2026-11-30 with a campaign's name that holds a
# semicolon. Way out: calendar.add("x-wr-calname", vText(name)).
# Source: https://www.rfc-editor.org/rfc/rfc7986#section-5.1
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check icalendar==7.3.2

"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from icalendar import Calendar, vText

print("icalendar", version("icalendar"))

calendar = Calendar()
calendar.calendar_name = "Love; in April, 2027"
calendar.add("description", "Love; in April, 2027")
written = calendar.to_ical().decode()
print("written:", *written.splitlines()[1:-1], sep="\n  ")

read = Calendar.from_ical(
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//b//EN\r\n"
    "NAME:Love\\; in April\r\nDESCRIPTION:Love\\; in April\r\nEND:VCALENDAR\r\n"
)
print("read:   ", read.calendar_name)

right = Calendar()
right.add("x-wr-calname", vText("Love; in April, 2027"))
print("right:  ", right.to_ical().decode().splitlines()[1])

is_as_seen = (
    "\r\nNAME:Love; in April, 2027\r\n" in written
    and "\r\nDESCRIPTION:Love\\; in April\\, 2027\r\n" in written
    and read.calendar_name == "Love\\; in April"
)
print("as seen" if is_as_seen else "this has changed")
sys.exit(not is_as_seen)
PYTHON
