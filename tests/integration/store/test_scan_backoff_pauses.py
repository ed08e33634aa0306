"""During a pause of planning's scans: a change is found within a minute, a due email at once.

By the clock of these tests each scan takes ten minutes, so each scan without results is followed
by the longest pause. The passes run on a clock that the test moves.
"""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import pause, record_campaign, resume
from lovecampaign.store.planning.planner import PlanOptions, plan_due
from lovecampaign.store.planning.scan_backoff import LONGEST_PAUSE, ScanBackoff
from lovecampaign.store.subscribers.preferences import Preferences, save_preferences
from tests.chaos.commands import fork_command as lovecampaign
from tests.support.stage import DAY_1, Stage

TEN_SECONDS = timedelta(seconds=10)
HOUR = timedelta(hours=1)
#: The start and the latest end of the pause after the first scan without results.
PAUSED_FROM = DAY_1 + TEN_SECONDS
PAUSED_UNTIL = PAUSED_FROM + LONGEST_PAUSE
#: When it is too late for day 1 in Paris.
LATE = DAY_1 + timedelta(hours=20)


def slow_scans() -> ScanBackoff:
    ten_minutes = itertools.count(step=600)
    return ScanBackoff(lambda: next(ten_minutes))


class Planner:
    """The passes of one process with slow scans."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.options = PlanOptions(due_backoff=slow_scans(), moved_backoff=slow_scans())
        self.record = record_campaign(stage.database, stage.campaign)

    def plan(self, now: datetime) -> int:
        emails = self.stage.campaign.day_emails
        record = record_campaign(self.stage.database, self.stage.campaign)
        database, campaign = self.stage.database, self.stage.campaign
        return plan_due(database, campaign, record, emails, now, self.options).planned

    def start_pause(self) -> None:
        """Plan all subscribers, then scan again without results."""
        self.plan(DAY_1)
        assert self.plan(PAUSED_FROM) == 0


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    found = Stage(settings, database, days=2)
    found.add_readers(3)
    found.add_readers(1, name="far", zones=["America/New_York"])
    return found


@pytest.fixture
def planner(stage: Stage) -> Planner:
    return Planner(stage)


def test_a_new_subscriber_is_found_when_the_rest_is_over(stage: Stage, planner: Planner) -> None:
    planner.start_pause()
    stage.add_readers(1, name="new")
    assert planner.plan(PAUSED_UNTIL - timedelta(microseconds=1)) == 0, "the scan is paused"
    assert planner.plan(PAUSED_UNTIL) == 1
    assert stage.states("day-01") == {"planned": 4}


def test_somebody_who_moves_to_a_zone_of_others_is_found_when_the_rest_is_over(
    stage: Stage, planner: Planner
) -> None:
    [mover] = stage.add_readers(1, name="mover", zones=["America/New_York"])
    planner.start_pause()
    move(stage, mover, "Europe/Paris")
    assert planner.plan(PAUSED_UNTIL - TEN_SECONDS) == 0
    assert planner.plan(PAUSED_UNTIL) == 1


def test_somebody_who_moves_to_a_zone_of_their_own_is_found_at_once(
    stage: Stage, planner: Planner
) -> None:
    [mover] = stage.add_readers(1, name="mover", zones=["America/New_York"])
    planner.start_pause()
    move(stage, mover, "Europe/Vienna")
    assert planner.plan(PAUSED_FROM + TEN_SECONDS) == 1


def test_who_moves_away_from_a_planned_row_loses_it_when_the_rest_is_over(
    stage: Stage, planner: Planner
) -> None:
    [mover] = stage.add_readers(1, name="mover")
    planner.start_pause()
    move(stage, mover, "America/New_York")
    planner.plan(PAUSED_UNTIL)
    assert stage.states("day-01") == {"planned": 3}
    assert planner.plan(DAY_1 + 6 * HOUR) == 2, "at their own nine o'clock, with the other there"


def test_an_edited_time_is_found_at_once(stage: Stage, planner: Planner) -> None:
    planner.start_pause()
    stage.edit("campaign.yaml", "at: 09:00", "at: 08:00")
    planner.plan(PAUSED_FROM + TEN_SECONDS)
    assert dues(stage) == {DAY_1 - HOUR}


def test_readers_whose_pause_is_taken_back_are_found_when_the_rest_is_over(
    stage: Stage, planner: Planner
) -> None:
    [reader] = stage.add_readers(1, name="pausing")
    pause_reader(stage, planner, reader, until=LATE)
    planner.start_pause()
    pause_reader(stage, planner, reader, until=None)
    assert planner.plan(PAUSED_UNTIL - TEN_SECONDS) == 0
    assert planner.plan(PAUSED_UNTIL) == 1


def test_a_campaign_that_is_resumed_sends_at_once_whatever_rests(
    stage: Stage, planner: Planner
) -> None:
    planner.start_pause()
    with stage.database.write() as connection:
        pause(connection, planner.record.id, PAUSED_FROM, "by the operator")
    planner.plan(PAUSED_FROM + TEN_SECONDS)
    with stage.database.write() as connection:
        resume(connection, planner.record.id)
    assert planner.plan(PAUSED_FROM + 2 * TEN_SECONDS) == 0
    assert stage.send(PAUSED_FROM + 2 * TEN_SECONDS).sent == 3


def test_what_time_alone_makes_due_is_planned_in_the_very_next_pass(
    stage: Stage, planner: Planner
) -> None:
    """New York's nine o'clock comes in the middle of a rest; so does the next day's letter."""
    new_york = DAY_1 + 6 * HOUR
    planner.plan(DAY_1)
    for start, planned in [(new_york, 1), (DAY_1 + timedelta(days=1), 3)]:
        into_the_horizon = start - timedelta(minutes=2)
        assert planner.plan(into_the_horizon - 2 * TEN_SECONDS) == 0, "begins to rest"
        assert planner.plan(into_the_horizon - TEN_SECONDS) == 0
        assert planner.plan(into_the_horizon) == planned


def test_a_pause_that_ends_shortly_before_it_is_too_late_ends_in_time(
    stage: Stage, planner: Planner
) -> None:
    """In the last minute before anybody's last moment no pass rests."""
    [reader] = stage.add_readers(1, name="pausing")
    pause_reader(stage, planner, reader, until=LATE - TEN_SECONDS)
    assert planner.plan(LATE - HOUR) == 4, "all others"
    passes = [LATE - number * TEN_SECONDS for number in range(20, 0, -1)]
    assert [planner.plan(now) for now in passes] == [0] * 19 + [1]


@pytest.mark.parametrize("ends_after", range(0, 130, 7))
def test_a_pause_that_time_ends_is_over_for_us_a_minute_later_at_most(
    stage: Stage, planner: Planner, ends_after: int
) -> None:
    [reader] = stage.add_readers(1, name="pausing")
    end = DAY_1 + timedelta(seconds=ends_after)
    pause_reader(stage, planner, reader, until=end)
    passes = (DAY_1 + number * TEN_SECONDS for number in range(1, 100))
    planner.plan(DAY_1)
    found = next(now for now in passes if len(subscribers(stage)) == 4 or planner.plan(now))
    assert found - end <= LONGEST_PAUSE + TEN_SECONDS


def test_send_always_looks_whatever_another_process_rests_from(
    stage: Stage, planner: Planner
) -> None:
    planner.start_pause()
    stage.add_readers(2, name="new")
    now = PAUSED_FROM + TEN_SECONDS
    assert planner.plan(now) == 0, "this process rests"
    lovecampaign(
        "send",
        "--now",
        now.isoformat(),
        cwd=stage.settings.workspace,
        LOVECAMPAIGN_SECRET_KEY="test-key",
        LOVECAMPAIGN_DATABASE_URL=stage.settings.database_url,
    ).done()
    assert stage.states("day-01") == {"sent": 5}


def move(stage: Stage, subscriber_id: int, zone: str) -> None:
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber)
            .where(tables.subscriber.c.id == subscriber_id)
            .values(timezone=zone)
        )


def pause_reader(
    stage: Stage, planner: Planner, subscriber_id: int, until: datetime | None
) -> None:
    with stage.database.write() as connection:
        choice = Preferences(is_launch_only=False, paused_until=until)
        save_preferences(connection, planner.record.id, subscriber_id, choice)


def dues(stage: Stage) -> set[datetime]:
    with stage.database.read() as connection:
        return set(connection.scalars(sa.select(tables.delivery.c.due)))


def subscribers(stage: Stage) -> list[int]:
    with stage.database.read() as connection:
        return list(connection.scalars(sa.select(tables.delivery.c.subscriber_id)))
