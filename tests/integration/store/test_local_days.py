"""A day begins and ends where the clocks of its zone say so, on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.types import Instant
from lovecampaign.store.reports.day_counts import LocalDays, day_of_number


@pytest.mark.parametrize(
    "zone",
    ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"],
)
def test_the_database_counts_days_as_the_zone_does(database: Database, zone: str) -> None:
    """From before the clocks change in March until after, every quarter of an hour."""
    days = LocalDays(zone=zone, first=date(2027, 3, 1), last=date(2027, 4, 10))
    steps = int((days.end - days.start) / timedelta(minutes=15))
    instants = [days.start + number * timedelta(minutes=15) for number in range(steps)]
    instants.append(days.end - timedelta(microseconds=1))
    known = sa.table("known", sa.column("at", Instant))
    at = known.c.at
    with database.write() as connection:
        connection.execute(sa.text("CREATE TEMPORARY TABLE known (at BIGINT)"))
        connection.execute(sa.insert(known), [{"at": one} for one in instants])
        rows = connection.execute(sa.select(at, days.number(at)).where(days.holds(at))).all()

    assert len(rows) == len(instants)
    for instant, number in rows:
        assert day_of_number(number) == _date(instant, zone), instant


def _date(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()
