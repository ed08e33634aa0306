"""What is late stays out, and of several emails that are due the newest goes out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.ledger.campaigns import cancel_email, pause, record_campaign
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.reports.dry_run import dry_run_send
from lovecampaign.store.reports.overlaps import count_overlaps
from lovecampaign.store.reports.subscriber_timeline import read_timeline
from lovecampaign.store.sending.in_doubt import Retried, make_due
from lovecampaign.store.tables import DeliveryState
from lovecampaign.testing.campaigns import write_campaign
from tests.support.stage import DAY_1, Stage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LAUNCH = datetime(2027, 2, 28, 9, tzinfo=UTC)
REMINDER: dict[str, Any] = {
    "launch": {"emails": {"last-call": {"at": "day 28 18:00", "to": "not-bought"}}}
}


def stage_of(settings: Settings, database: Database, **more: Any) -> Stage:
    return Stage(settings, database, days=3, settings_=more)


def foreseen(stage: Stage, reader: int, key: str) -> tuple[DeliveryState | None, str | None]:
    timeline = read_timeline(stage.database, stage.campaign, reader, stage.clock.now())
    entry = next(each for each in timeline if each.key == key)
    return entry.state, entry.reason


def would_send(stage: Stage) -> dict[str, int]:
    emails = stage.campaign.scheduled_emails
    return dict(dry_run_send(stage.database, stage.campaign, emails, stage.clock.now()).recipients)


def test_a_launch_half_a_year_late_mails_no_one_and_says_so(
    settings: Settings, database: Database
) -> None:
    stage = stage_of(settings, database)
    stage.add_readers(3)
    stage.clock.move_to(LAUNCH + 180 * DAY)
    told = dry_run_send(
        database, stage.campaign, stage.campaign.scheduled_emails, stage.clock.now()
    )
    assert told.late["launch"] == 3
    assert told.recipients == {}
    assert stage.send().sent == 0
    assert stage.reasons("launch") == {"late": 3}


def test_the_launch_is_in_time_for_a_day_and_retry_overrules_the_end(
    settings: Settings, database: Database
) -> None:
    stage = stage_of(settings, database)
    [reader] = stage.add_readers(1)
    stage.clock.move_to(LAUNCH + DAY - HOUR)
    assert foreseen(stage, reader, "launch") == (DeliveryState.PLANNED, None)
    stage.clock.move_to(LAUNCH + DAY)
    assert foreseen(stage, reader, "launch") == (DeliveryState.SKIPPED, "late")
    assert stage.send().sent == 0
    retry_late(stage, "launch")
    assert stage.send(LAUNCH + 2 * DAY).sent == 1
    assert stage.states("launch") == {"sent": 1}


def test_the_end_of_the_launch_can_be_chosen(settings: Settings, database: Database) -> None:
    stage = stage_of(settings, database, launch={"late_after": "3h"})
    stage.add_readers(1)
    assert stage.send(LAUNCH + 4 * HOUR).sent == 0


def test_early_access_never_goes_out_after_the_launch(
    settings: Settings, database: Database
) -> None:
    stage = stage_of(settings, database, launch={"late_after": "9d"})
    [reader] = stage.add_readers(1, lists=["readers", "insiders"])
    stage.clock.move_to(LAUNCH)
    assert foreseen(stage, reader, "early-access") == (DeliveryState.SKIPPED, "late")
    stage.send()
    assert stage.reasons("early-access") == {"late": 1}
    retry_late(stage, "early-access")
    stage.send(LAUNCH + HOUR)
    assert stage.reasons("early-access") == {"late": 1}


def test_no_retry_makes_an_email_due_after_its_deal_closed(
    settings: Settings, database: Database
) -> None:
    stage = stage_of(settings, database)
    stage.add_readers(1, lists=["readers", "insiders"])
    stage.clock.move_to(LAUNCH + 30 * DAY)
    stage.send()
    assert stage.reasons("last-call") == {"late": 1}
    assert [one.reason for one in retry_late(stage, "last-call").stay_out] == ["deal_closed"]
    assert stage.reasons("last-call") == {"late": 1}


@pytest.mark.parametrize("was_planned", [False, True])
def test_of_several_launch_emails_due_at_once_only_the_newest_goes_out(
    settings: Settings, database: Database, *, was_planned: bool
) -> None:
    stage = stage_of(settings, database, **REMINDER)
    first, second = stage.add_readers(2)
    if was_planned:  # and nothing was sent: the campaign was paused
        record = record_campaign(database, stage.campaign)
        with database.write() as connection:
            pause(connection, record.id, LAUNCH, "by hand")
        stage.send(LAUNCH)
        assert stage.states("launch") == {"planned": 2}
        with database.write() as connection:
            connection.execute(sa.update(tables.campaign).values(paused_at=None))
    else:
        record = record_campaign(database, stage.campaign)
    buy(stage, record.id, "reader2@readers.example")
    stage.clock.move_to(LAUNCH + 9 * HOUR)
    assert foreseen(stage, first, "launch") == (DeliveryState.SKIPPED, "late")
    assert foreseen(stage, second, "launch") == (DeliveryState.PLANNED, None)
    assert would_send(stage) == {"launch": 1, "last-call": 1}
    assert stage.send().sent == 2
    assert stage.reasons("launch") == {"late": 1}
    assert stage.states("last-call").get("sent") == 1


def test_a_cancelled_email_replaces_none(settings: Settings, database: Database) -> None:
    stage = stage_of(settings, database, **REMINDER)
    stage.add_readers(1)
    record = record_campaign(database, stage.campaign)
    with database.write() as connection:
        cancel_email(connection, record.email_ids["last-call"], LAUNCH)
    stage.send(LAUNCH + 9 * HOUR)
    assert stage.states("launch") == {"sent": 1}


def test_the_days_own_letter_goes_before_an_overdue_one(
    settings: Settings, database: Database
) -> None:
    stage = stage_of(settings, database, sending={"late_after": "30h"})
    [reader] = stage.add_readers(1)
    stage.clock.move_to(DAY_1 + DAY)
    assert foreseen(stage, reader, "day-01") == (DeliveryState.SKIPPED, "day_taken")
    assert would_send(stage) == {"day-02": 1}
    assert stage.send().sent == 1
    assert stage.states("day-02") == {"sent": 1}
    assert stage.reasons("day-01") == {"day_taken": 1}


def test_an_overdue_letter_goes_out_where_the_days_own_is_for_others(
    settings: Settings, database: Database
) -> None:
    days = {2: {"with_tags": ["garden"]}}
    stage = stage_of(settings, database, sending={"late_after": "30h"}, days=days)
    [reader] = stage.add_readers(1)
    stage.clock.move_to(DAY_1 + DAY)
    assert foreseen(stage, reader, "day-01") == (DeliveryState.PLANNED, None)
    assert stage.send().sent == 1
    assert stage.states("day-01") == {"sent": 1}


def test_remaining_leaves_out_what_explain_calls_late(
    settings: Settings, database: Database
) -> None:
    stage = stage_of(settings, database)
    [reader, _] = stage.add_readers(2)
    record = record_campaign(database, stage.campaign)
    with database.write() as connection:
        pause(connection, record.id, DAY_1, "by hand")
    assert stage.send(DAY_1).remaining == 2
    report = stage.send(DAY_1 + 21 * HOUR)
    assert foreseen(stage, reader, "day-01") == (DeliveryState.SKIPPED, "late")
    assert report.remaining == 0
    counts = report_campaign(database, stage.campaign, stage.clock.now())
    assert counts.emails[0].skipped == {SkipReason.LATE.value: 2}


def test_a_dry_run_counts_a_row_that_became_late_in_quiet_hours_as_the_pass_does(
    settings: Settings, database: Database
) -> None:
    stage = stage_of(settings, database, sending={"quiet_hours": "21:00-07:00"})
    stage.add_readers(2)
    record = record_campaign(database, stage.campaign)
    with database.write() as connection:
        pause(connection, record.id, DAY_1, "by hand")
    assert stage.send(DAY_1).remaining == 2
    stage.clock.move_to(DAY_1 + 5 * DAY + 14 * HOUR)  # 22:00
    emails = stage.campaign.scheduled_emails
    told = dry_run_send(database, stage.campaign, emails, stage.clock.now())
    assert (told.late, told.remaining) == ({"day-01": 2, "day-02": 2, "day-03": 2}, 0)
    assert stage.send().remaining == 0


def test_readers_of_two_months_at_once_are_counted(settings: Settings, database: Database) -> None:
    stage = stage_of(settings, database)
    stage.add_readers(2)
    stage.add_readers(3, lists=["others"], name="other")
    start = DAY_1.date() + DAY
    other = Stage.load
    folder = write_campaign(
        settings.workspace,
        name="second",
        days=3,
        start=start,
        settings={"id": "second", "audience": {"list": "readers"}},
    )
    first = stage.campaign
    stage.folder = folder
    second = other(stage)
    assert count_overlaps(database, first, [second], DAY_1) == {"second": 2}
    assert count_overlaps(database, first, [second], DAY_1 + 60 * DAY) == {}
    assert count_overlaps(database, first, [first], DAY_1) == {}


def retry_late(stage: Stage, key: str) -> Retried:
    record = record_campaign(stage.database, stage.campaign)
    email = stage.campaign.find_email(key)
    assert email is not None
    eligibility = Eligibility(
        campaign=stage.campaign, email=email, campaign_id=record.id, now=stage.clock.now()
    )
    with stage.database.write() as connection:
        state, reason = DeliveryState.SKIPPED, SkipReason.LATE.value
        return make_due(connection, eligibility, record.email_ids[key], state, reason)


def buy(stage: Stage, campaign_id: int, address: str) -> None:
    with stage.database.write() as connection:
        connection.execute(
            sa.insert(tables.buyer).values(
                campaign_id=campaign_id, address_key=address, bought_at=LAUNCH, source="by hand"
            )
        )
