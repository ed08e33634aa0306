"""The launch asks only those who were given enough; the ledger of giving, and the five of today."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.render.model.recipient import Giving
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.gifts.giving import count_by_giving, read_giving
from lovecampaign.store.dialogue.notes.today import FORTNIGHT, PersonOfToday, Why, name_five
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.testing.campaigns import day_file
from tests.support.stage import DAY_1, Stage

_COUNTS = "{{ gifts.count }} gifts, {{ asks.count }} asks.\n"


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    files = {f"days/0{day}-day-{day}.md": day_file(day, body=_COUNTS) for day in (1, 2, 3)}
    launch = {"launch": {"min_gifts": 2}}
    return Stage(settings, database, days=3, files=files, settings_=launch)


def launch_of(stage: Stage) -> dict[str, int]:
    report = report_campaign(stage.database, stage.campaign, stage.clock.now())
    [launch] = [email for email in report.emails if email.key == "launch"]
    return {"recipients": launch.recipients, **launch.skipped}


def test_who_joins_too_late_is_not_asked_and_the_plan_says_so_before(stage: Stage) -> None:
    stage.add_readers(3)
    assert launch_of(stage)["recipients"] == 3
    stage.send()
    stage.send(DAY_1 + timedelta(days=1))

    stage.add_readers(2, joined_at=DAY_1 + timedelta(days=1, hours=2), name="late")

    expected = {"recipients": 3, "not_yet_given": 2}
    assert launch_of(stage) == expected
    stage.send(DAY_1 + timedelta(days=2))
    assert launch_of(stage) == expected
    at = stage.campaign.launch.at
    before = len(stage.memory.sent)
    stage.send(at)
    assert len({letter.to.email for letter in stage.memory.sent[before:]}) == 3


def test_letters_print_what_was_given_before(stage: Stage) -> None:
    ids = stage.add_readers(1)
    for day in range(3):
        stage.send(DAY_1 + timedelta(days=day))

    texts = [letter.text.partition("\n")[0] for letter in stage.memory.sent]
    assert texts == ["0 gifts, 0 asks.", "1 gifts, 0 asks.", "2 gifts, 0 asks."]
    with stage.database.read() as connection:
        given = Giving(gifts=3, asks=0)
        assert read_giving(connection, stage.campaign, 1, [*ids, 99])[ids[0]] == given
        assert count_by_giving(connection, stage.campaign, 1) == {given: 1}


def name(stage: Stage, days: int = 0) -> list[PersonOfToday]:
    now = DAY_1 + timedelta(days=days)
    record = record_campaign(stage.database, stage.campaign)
    with stage.database.write() as connection:
        return list(name_five(connection, stage.campaign, record.id, now.date(), now))


def test_five_people_a_day_and_no_one_twice_in_a_fortnight(stage: Stage) -> None:
    ids = stage.add_readers(8)
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.membership).values(joined_at=DAY_1 - timedelta(days=400))
        )
    first = name(stage)
    assert [each.why for each in first] == [Why.LONG_WITH_US] * 5
    assert name(stage) == first

    rest = {each.subscriber_id for each in name(stage, 1)}
    assert rest == set(ids) - {each.subscriber_id for each in first}
    assert name(stage, 13) == []
    assert name(stage, FORTNIGHT.days) == first


def test_who_gets_no_mail_is_not_named(stage: Stage) -> None:
    stage.add_readers(2)
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.membership).values(joined_at=DAY_1 - timedelta(days=400))
        )
        key = connection.scalar(sa.select(tables.subscriber.c.address_key).limit(1))
        connection.execute(
            sa.insert(tables.suppression).values(
                address_key=key, list="", reason="manual", source="test", at=DAY_1
            )
        )
    assert len(name(stage)) == 1
