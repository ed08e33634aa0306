"""What a late joiner's digest holds: the must-have days missed and that day's own, once each."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import cancel_email, find_campaign
from tests.support.stage import DAY_1, Stage

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DAYS_3_AND_4 = {3: {"without_tags": ["beginner"]}, 4: {"with_tags": ["garden"]}}


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    """Days 1 to 6, of which 1, 3 and 5 are must-haves; the month has begun."""
    choices = {"days": 6, "late_joiners": "catch-up", "settings": {"days": DAYS_3_AND_4}}
    stage = Stage(settings, database, **choices)
    stage.add_readers(1, name="founder")
    for number in range(3):
        stage.send(DAY_1 + number * DAY)
    return stage


def test_it_holds_the_must_haves_missed_and_that_days_own(stage: Stage) -> None:
    _join(stage, "garden")
    assert _digest_at(stage, DAY_1 + 3 * DAY) == [1, 3, 4]
    assert stage.reasons("day-04") == {"in_digest": 1}


def test_a_day_that_was_called_off_comes_back_in_no_digest(stage: Stage) -> None:
    record = find_campaign(stage.database, stage.campaign)
    assert record is not None
    with stage.database.write() as connection:
        cancel_email(connection, record.email_ids["day-01"], stage.clock.now())
    _join(stage, "garden")
    assert _digest_at(stage, DAY_1 + 3 * DAY) == [3, 4]


def test_a_day_that_is_not_for_them_is_left_out(stage: Stage) -> None:
    _join(stage, "beginner")
    assert _digest_at(stage, DAY_1 + 3 * DAY) == [1]


def test_from_the_next_day_on_they_get_one_letter_a_day(stage: Stage) -> None:
    _join(stage, "garden")
    stage.send(DAY_1 + 3 * DAY)
    stage.memory.sent.clear()
    stage.send(DAY_1 + 4 * DAY)
    subjects = [each.subject for each in stage.memory.sent if each.to.email.startswith("late")]
    assert subjects == [stage.campaign.day_emails[4].subject]


def test_a_digest_tells_everybody_the_same_though_the_day_was_edited_meanwhile(
    stage: Stage,
) -> None:
    stage.add_readers(2, name="late", joined_at=DAY_1 + 2 * DAY + HOUR)
    stage.send(DAY_1 + 3 * DAY, limit=2)
    stage.edit("days/01-day-1.md", "gift of day 1", "present of day 1")
    stage.send()
    assert len(_digests(stage)) == 2
    assert all("gift of day 1" in text for text in _digests(stage))


def _join(stage: Stage, tag: str) -> None:
    [reader] = stage.add_readers(1, name="late", joined_at=DAY_1 + 2 * DAY + HOUR)
    with stage.database.write() as connection:
        connection.execute(sa.insert(tables.subscriber_tag).values(subscriber_id=reader, tag=tag))


def _digest_at(stage: Stage, now: datetime) -> list[int]:
    """The numbers of the days in the one digest of a pass, in order."""
    stage.send(now)
    [text] = _digests(stage)
    return [int(number) for number in re.findall(r"gift of day (\d+)", text)]


def _digests(stage: Stage) -> list[str]:
    subject = "What you missed, in one letter"
    return [message.text for message in stage.memory.sent if message.subject == subject]
