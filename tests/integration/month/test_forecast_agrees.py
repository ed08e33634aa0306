"""What status and explain say before, and what the passes do then, agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import (
    CampaignRecord,
    cancel_email,
    pause,
    record_campaign,
    resume,
)
from lovecampaign.store.reports.campaign_report import EmailReport, report_campaign
from lovecampaign.store.reports.subscriber_timeline import read_timeline
from lovecampaign.store.tables import DeliveryState
from tests.support.stage import DAY_1, Stage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=3)


def test_a_day_that_a_late_email_took_is_foreseen(stage: Stage) -> None:
    [reader] = stage.add_readers(1, zones=["Pacific/Auckland"])
    stage.send(datetime(2027, 2, 1, 11, 30, tzinfo=UTC))  # day 1, at 00:30 of the next day
    assert _report(stage, "day-02").skipped == {"day_taken": 1}
    assert _report(stage, "day-02").recipients == 0
    assert _foreseen(stage, reader, "day-02") == (DeliveryState.SKIPPED, "day_taken")
    stage.send(datetime(2027, 2, 1, 20, tzinfo=UTC))
    assert stage.reasons("day-02") == {"day_taken": 1}


def test_a_consent_that_runs_out_is_foreseen(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    with stage.database.write() as connection:
        connection.execute(sa.update(tables.membership).values(consent_expires_at=DAY_1 + DAY))
    stage.clock.move_to(DAY_1 - HOUR)
    assert _report(stage, "day-01").recipients == 1
    assert _report(stage, "day-02").skipped == {"not_confirmed": 1}
    assert _foreseen(stage, reader, "day-02") == (DeliveryState.SKIPPED, "not_confirmed")
    assert [stage.send(DAY_1 + number * DAY).sent for number in range(2)] == [1, 0]


def test_the_end_of_a_readers_pause_is_foreseen(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    preference = {
        "campaign_id": _record(stage).id,
        "subscriber_id": reader,
        "is_launch_only": False,
        "paused_until": DAY_1 + HOUR,
    }
    with stage.database.write() as connection:
        connection.execute(sa.insert(tables.preference).values(preference))
    assert _report(stage, "day-01").skipped == {"paused_by_reader": 1}
    assert _report(stage, "day-02").recipients == 1
    assert [stage.send(DAY_1 + number * DAY).sent for number in range(2)] == [0, 1]


def test_an_email_that_was_called_off_is_not_next(stage: Stage) -> None:
    stage.add_readers(1)
    stage.send(DAY_1 - DAY)
    record = _record(stage)
    with stage.database.write() as connection:
        cancel_email(connection, record.email_ids["day-01"], stage.clock.now())
    assert stage.send().next_due == DAY_1 + DAY


def test_a_time_that_was_edited_during_a_pause_counts(stage: Stage) -> None:
    stage.add_readers(2)
    stage.send(DAY_1 - DAY)
    record = _record(stage)
    with stage.database.write() as connection:
        pause(connection, record.id, DAY_1, "lunch")
    assert stage.send(DAY_1).remaining == 2
    stage.edit("campaign.yaml", "at: 09:00", "at: 18:00")
    with stage.database.write() as connection:
        resume(connection, record.id)
    report = stage.send(DAY_1 + HOUR)
    assert (report.due, report.sent, report.next_due) == (0, 0, DAY_1 + 9 * HOUR)
    assert stage.send(DAY_1 + 9 * HOUR).sent == 2


def test_a_reader_who_moves_while_a_limit_keeps_them_waiting_gets_it_at_home(stage: Stage) -> None:
    [_, mover] = stage.add_readers(2)
    stage.send(DAY_1, limit=1)
    with stage.database.write() as connection:
        moved = sa.update(tables.subscriber).where(tables.subscriber.c.id == mover)
        connection.execute(moved.values(timezone="America/New_York"))
    assert stage.send(DAY_1 + HOUR).due == 0
    assert stage.send(DAY_1 + 6 * HOUR).sent == 1


def _record(stage: Stage) -> CampaignRecord:
    return record_campaign(stage.database, stage.campaign)


def _report(stage: Stage, key: str) -> EmailReport:
    report = report_campaign(stage.database, stage.campaign, stage.clock.now())
    return next(email for email in report.emails if email.key == key)


def _foreseen(stage: Stage, reader: int, key: str) -> tuple[DeliveryState | None, str | None]:
    timeline = read_timeline(stage.database, stage.campaign, reader, stage.clock.now())
    entry = next(entry for entry in timeline if entry.key == key)
    return entry.state, entry.reason
