"""The next email of a page is the one that ``send`` delivers next, at the same time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import cancel_email, record_campaign
from lovecampaign.store.reports.next_email import NextEmail, find_next_email
from lovecampaign.store.reports.subscriber_timeline import read_timeline
from lovecampaign.store.subscribers.preferences import Preferences, save_preferences
from lovecampaign.store.subscribers.suppressions import unsubscribe
from lovecampaign.store.tables import DeliveryState
from tests.support.stage import DAY_1, Stage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EARLY = datetime.fromisoformat("2027-02-27T10:00+01:00")


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(settings, database, days=4)


def next_of(stage: Stage, reader: int, now: datetime) -> NextEmail | None:
    record_campaign(stage.database, stage.campaign)
    with stage.database.read() as connection:
        return find_next_email(connection, stage.campaign, reader, now)


def said(stage: Stage, reader: int, now: datetime) -> tuple[str, datetime, bool] | None:
    letter = next_of(stage, reader, now)
    return (letter.email.key, letter.at, letter.is_due) if letter else None


def test_what_is_due_and_unsent_when_somebody_joins_is_what_they_get(stage: Stage) -> None:
    """Nobody has got anything yet: whoever is there is in time, until it is too late."""
    now = DAY_1 + DAY + 7 * HOUR
    [reader] = stage.add_readers(1, joined_at=now)

    assert said(stage, reader, now) == ("day-02", now, True)
    stage.send(now + HOUR)
    assert stage.states("day-02") == {"sent": 1}
    assert said(stage, reader, now + HOUR) == ("day-03", DAY_1 + 2 * DAY, False)


def test_what_is_too_late_is_not_promised(stage: Stage) -> None:
    now = DAY_1 + DAY + 20 * HOUR
    [reader] = stage.add_readers(1, joined_at=now)

    assert said(stage, reader, now) == ("day-03", DAY_1 + 2 * DAY, False)


def test_what_others_have_had_before_they_joined_is_not_promised(stage: Stage) -> None:
    stage.add_readers(1, name="founder")
    stage.send(DAY_1)
    [late] = stage.add_readers(1, name="late", joined_at=DAY_1 + HOUR)

    assert said(stage, late, DAY_1 + HOUR) == ("day-02", DAY_1 + DAY, False)


def test_quiet_hours_are_waited_for(settings: Settings, database: Database) -> None:
    stage = Stage(settings, database, days=4, quiet_hours="21:00-07:00")
    now = DAY_1 + 13 * HOUR  # 22:00 in Paris
    [reader] = stage.add_readers(1, joined_at=now)

    morning = DAY_1 + 22 * HOUR
    assert said(stage, reader, now) == ("day-01", morning, False)


def test_wishes_count(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    record = record_campaign(stage.database, stage.campaign)
    for wanted, key in {
        Preferences(is_launch_only=True): "launch",
        Preferences(paused_until=DAY_1 + 2 * DAY + HOUR): "day-04",
    }.items():
        with stage.database.write() as connection:
            save_preferences(connection, record.id, reader, wanted)
        letter = next_of(stage, reader, DAY_1)
        assert letter is not None
        assert letter.email.key == key


def test_what_was_called_off_is_passed_over_and_who_left_gets_nothing(stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    record = record_campaign(stage.database, stage.campaign)
    with stage.database.write() as connection:
        cancel_email(connection, record.email_ids["day-01"], DAY_1)
    letter = next_of(stage, reader, DAY_1)
    assert letter is not None
    assert letter.email.key == "day-02"

    unsubscribe(stage.database, "reader1@readers.example", DAY_1, lists=["readers", "insiders"])
    assert next_of(stage, reader, DAY_1) is None


def test_an_insider_who_joins_late_gets_early_access_at_once(stage: Stage) -> None:
    stage.add_readers(1, name="founder", lists=("readers", "insiders"))
    stage.send(EARLY)
    now = EARLY + 2 * HOUR
    [late] = stage.add_readers(1, name="late", lists=("insiders",), joined_at=now)

    assert said(stage, late, now) == ("early-access", now, True)
    stage.send(now)
    assert stage.states("early-access") == {"sent": 2}


@pytest.mark.parametrize("policy", ["from-today", "catch-up", "from-day-1", "wait"])
def test_it_agrees_with_what_is_told_to_the_operator(
    settings: Settings, database: Database, policy: str
) -> None:
    stage = Stage(settings, database, days=6, late_joiners=policy)
    zones: Any = ("Europe/Paris", "America/New_York", "Asia/Tokyo", "")
    people = stage.add_readers(2, zones=zones, name="founder")
    for hours in (0, 3, 27, 49, 75):
        now = DAY_1 + hours * HOUR
        people += stage.add_readers(2, zones=zones, name=f"late{hours}x", joined_at=now)
        if hours:
            stage.send(now - HOUR)
        for reader in people:
            letter = next_of(stage, reader, now)
            entries = [
                entry
                for entry in read_timeline(stage.database, stage.campaign, reader, now)
                if entry.state is DeliveryState.PLANNED and entry.due is not None
            ]
            first = min(entries, key=lambda entry: max(entry.due or now, now))
            assert letter is not None
            assert (letter.email.key, letter.at) == (first.key, max(first.due or now, now))
