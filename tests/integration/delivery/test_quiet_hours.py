"""Quiet hours hold what is late, too: nobody is mailed at night, and nobody loses a letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.message import FaultKind, Message
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.loop.send import PassOptions
from lovecampaign.delivery.run import RunPlan, run
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import Verdict, transient
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.reports.dry_run import dry_run_send
from lovecampaign.store.reports.subscriber_timeline import read_timeline
from lovecampaign.store.tables import DeliveryState
from tests.support.stage import DAY_1, Stage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: In Paris: 02:22 in the night after day 1, and the end of the quiet hours.
NIGHT = datetime(2027, 2, 2, 1, 22, tzinfo=UTC)
MORNING = datetime(2027, 2, 2, 6, tzinfo=UTC)
SOON_LATE = {"sending": {"late_after": "12h"}}
EVENING = datetime(2027, 2, 1, 20, tzinfo=UTC)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=3, quiet_hours="21:00-07:00")


def test_what_is_overdue_at_night_goes_out_when_the_night_is_over(stage: Stage) -> None:
    stage.add_readers(3)
    held = stage.send(NIGHT)
    assert (held.due, held.sent, held.remaining, held.next_due) == (3, 0, 3, MORNING)
    assert stage.send(MORNING - timedelta(microseconds=1)).sent == 0
    assert stage.send(MORNING).sent == 3


def test_only_the_zones_where_it_is_night_wait(stage: Stage) -> None:
    stage.add_readers(4, zones=["Europe/Paris", "Asia/Tokyo"])
    report = stage.send(NIGHT)
    assert (report.sent, report.remaining) == (2, 2)
    assert report.next_due == datetime(2027, 2, 2, 6, tzinfo=UTC)


def test_a_letter_in_time_when_the_night_began_is_in_time_when_it_ends(stage: Stage) -> None:
    """20 hours after 09:00 is 05:00; an hour after the quiet hours nobody waits any longer."""
    stage.add_readers(2)
    stage.send(NIGHT, limit=1)
    assert stage.send(MORNING + HOUR - timedelta(seconds=1), limit=1).sent == 1
    assert stage.send(MORNING + HOUR).skipped == 1
    assert stage.reasons("day-01") == {"late": 1}


def test_what_was_late_before_the_night_is_late(settings: Settings, database: Database) -> None:
    stage = Stage(settings, database, days=1, quiet_hours="21:00-07:00", settings_=SOON_LATE)
    stage.add_readers(1)
    assert stage.send(EVENING).remaining == 0
    assert stage.reasons("day-01") == {"late": 1}


def test_a_retry_that_falls_due_at_night_waits_for_the_morning(stage: Stage) -> None:
    stage.add_readers(1)
    before_nine = EVENING - timedelta(seconds=30)
    stage.provider = MemoryProvider(_busy)
    refused = stage.send(before_nine)
    assert (refused.retry_later, refused.next_due) == (1, MORNING)
    stage.provider = MemoryProvider()
    assert stage.send(EVENING + HOUR).remaining == 1
    assert stage.send(MORNING).sent == 1


def test_the_launch_goes_at_its_instant_unless_it_asks_for_quiet_hours(
    settings: Settings, database: Database
) -> None:
    asks = {"launch": {"emails": {"launch": {"quiet_hours": "respect"}}}}
    stage = Stage(settings, database, days=1, quiet_hours="21:00-07:00", settings_=asks)
    stage.add_readers(1, lists=["readers", "insiders"])
    stage.send(datetime(2027, 2, 27, 22, tzinfo=UTC), keys=frozenset({"early-access"}))
    assert stage.states("early-access") == {"sent": 1}
    stage.send(datetime(2027, 2, 28, 22, tzinfo=UTC), keys=frozenset({"launch"}))
    assert stage.states("launch") == {"planned": 1}


def test_what_is_said_at_night_is_what_happens_in_the_morning(stage: Stage) -> None:
    [reader, _] = stage.add_readers(2)
    for is_planned in (False, True):
        if is_planned:
            stage.send(NIGHT)
        stage.clock.move_to(NIGHT)
        foresight = dry_run_send(stage.database, stage.campaign, stage.campaign.day_emails, NIGHT)
        assert (foresight.recipients, foresight.held, foresight.remaining) == ({}, 2, 2)
        assert foresight.next_due == MORNING
        first, *_ = read_timeline(stage.database, stage.campaign, reader, NIGHT)
        assert (first.state, first.reason, first.due) == (DeliveryState.PLANNED, None, MORNING)
        report = report_campaign(stage.database, stage.campaign, NIGHT)
        assert report.emails[0].recipients == 2
    assert stage.send(MORNING).sent == 2


def test_without_quiet_hours_nobody_is_held(settings: Settings, database: Database) -> None:
    stage = Stage(settings, database, days=1)
    stage.add_readers(2)
    foresight = dry_run_send(stage.database, stage.campaign, stage.campaign.day_emails, NIGHT)
    assert (foresight.recipients, foresight.held) == ({"day-01": 2}, 0)


def test_a_consent_that_runs_out_in_the_night_is_foreseen(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    with stage.database.write() as connection:
        connection.execute(sa.update(tables.membership).values(consent_expires_at=NIGHT + HOUR))
    first, *_ = read_timeline(stage.database, stage.campaign, reader, NIGHT)
    assert (first.state, first.reason) == (DeliveryState.SKIPPED, "not_confirmed")


def test_a_run_wakes_at_the_end_of_the_quiet_hours(stage: Stage) -> None:
    stage.add_readers(1)
    stage.clock.move_to(NIGHT)
    naps: list[datetime] = []

    def jump(_sender: SendingProcess, until: datetime) -> None:
        naps.append(until)
        stage.clock.move_to(until)

    plan = RunPlan(
        campaigns=[stage.load],
        checker=lambda _campaign: lambda _email: (),
        options=PassOptions(),
        until=MORNING,
        on_report=lambda _report: None,
        on_outage=lambda error: pytest.fail(error.message),
    )
    run(stage.sender, plan, jump)
    assert naps == [MORNING]
    assert stage.states("day-01") == {"sent": 1}


def test_quiet_hours_that_are_taken_out_hold_nobody_any_more(stage: Stage) -> None:
    stage.add_readers(1)
    assert stage.send(NIGHT).remaining == 1
    stage.edit("campaign.yaml", "quiet_hours: 21:00-07:00", "quiet_hours: 21:00-02:00")
    assert stage.send(NIGHT).sent == 1


def test_clocks_of_a_transaction_that_failed_are_laid_out_again(stage: Stage) -> None:
    """A connection remembers what it was told, and forgets it with the transaction."""
    stage.add_readers(2)
    stage.send(DAY_1 - DAY)
    with pytest.raises(RuntimeError):
        _hiccup(stage.database)
    assert stage.send(DAY_1).sent == 2


def _busy(_message: Message) -> Verdict:
    return transient("452 busy", FaultKind.MAILBOX)


def _hiccup(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS tmp_zone_clock")
        raise RuntimeError("the machine hiccups")
