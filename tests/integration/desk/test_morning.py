"""The team's morning mail: once a day, on working days, with what is overdue on top."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.delivery.desk.morning import queue_morning_mail
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from tests.integration.desk.reply_desk import ReplyDesk

TEAM = {"team": {"mail": ["ana@bloom.example", "lucie@elsewhere.example"], "at": "08:00"}}


@pytest.fixture
def desk(settings: Settings, database: Database) -> ReplyDesk:
    """Monday, 1 February 2027, 09:00 in Paris."""
    desk = ReplyDesk(settings, database, days=1, settings_=TEAM)
    desk.add_readers(1)
    desk.send()
    return desk


def morning_mails(desk: ReplyDesk) -> list[str]:
    """Subjects of those that were sent now; the desk is asked three times."""
    before = len(desk.memory.sent)
    for _ in range(3):
        queue_morning_mail(desk.database, desk.campaign, desk.now)
    desk.deliver()
    return [mail.subject for mail in desk.memory.sent[before:]]


def test_it_comes_once_a_day_to_each_of_the_team(desk: ReplyDesk) -> None:
    assert morning_mails(desk) == []  # nothing waits
    desk.clock.move_to(desk.now + timedelta(days=1))
    desk.hear("Where is my SECRET parcel?", Subject="Re: Day 1")

    assert morning_mails(desk) == ["1 letter waiting, 0 cases open"] * 2
    assert morning_mails(desk) == []
    assert {mail.to_email for mail in desk.memory.sent[-2:]} == set(TEAM["team"]["mail"])
    assert "SECRET" not in desk.memory.sent[-1].text
    assert "List-Id" not in desk.memory.sent[-1].headers

    desk.clock.move_to(desk.now + timedelta(hours=22))  # 07:00
    assert morning_mails(desk) == []


def test_overdue_promises_head_it_and_days_off_are_left_out(desk: ReplyDesk) -> None:
    one = desk.hear("Where is my parcel?", Subject="Re: Day 1")
    desk.open_case(one.subscriber_id or 0)  # due in a day
    desk.clock.move_to(desk.now + timedelta(days=3))

    assert morning_mails(desk)[0] == "2 overdue: 1 letter waiting, 1 case open"
    text = desk.memory.sent[-1].text
    assert text.startswith(f"Overdue\n- letter {one.id}, Re: Day 1: no owner yet, by Wed 03 Feb")
    assert "- case 1, A broken parcel: Ana, greet by Tue 02 Feb" in text

    desk.clock.move_to(desk.now + timedelta(days=2))  # Saturday
    assert morning_mails(desk) == []


def test_of_two_campaigns_with_the_same_team_one_sends_it(desk: ReplyDesk) -> None:
    desk.hear("Where is my parcel?")
    second = replace(desk.campaign, id="second")
    before = len(desk.memory.sent)
    for campaign in (desk.campaign, second):
        queue_morning_mail(desk.database, campaign, desk.now)
    desk.deliver()

    assert len(desk.memory.sent) == before + 2
    with desk.database.read() as connection:
        queued = connection.scalar(sa.select(sa.func.count()).select_from(tables.transactional))
    assert queued == 2
