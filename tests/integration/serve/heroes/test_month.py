"""One press marks a day's small task as done; the month counts it, on the page and in letters."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.reports.campaign_report import report_campaign
from lovecampaign.store.reports.subscriber_timeline import read_timeline
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.testing.campaigns import day_file
from tests.integration.serve.support.letters import rows_of, token_of
from tests.support.serving import Serving, dump
from tests.support.stage import DAY_1, Stage

_TASK = "Hi {{ first_name | default('friend', true) }}.\n\n[[done: I have washed a pot]]\n"
_COUNTS = (
    "{{ progress.done }} done, {{ progress.streak }} in a row, group: {{ progress.group_done }}\n"
)
_AND_TASK = f"{_COUNTS}\n[[done: I have sown it]]\n"


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    bodies = {1: _TASK, 2: _AND_TASK, 3: _COUNTS}
    files = {
        f"days/{day:02}-day-{day}.md": day_file(day, body=body) for day, body in bodies.items()
    }
    return Stage(settings, database, days=3, files=files)


@pytest.fixture
def readers(stage: Stage) -> list[int]:
    ids = stage.add_readers(6)
    stage.send()
    return ids


def link_of(stage: Stage, reader: int, key: str = "day-01") -> str:
    return f"/c/{token_of(stage, reader, key, Purpose.MONTH)}"


def texts_of(stage: Stage, day: int) -> list[str]:
    before = len(stage.memory.sent)
    stage.send(DAY_1 + timedelta(days=day - 1))
    mails = sorted(stage.memory.sent[before:], key=lambda mail: mail.to.email)
    return [mail.text.partition("\n")[0] for mail in mails]


def test_the_letter_leads_to_the_button_and_the_button_marks(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    letter = stage.memory.sent[0].text
    assert re.search(r"I have washed a pot\s+http\S+/c/[\w-]{32}", letter)
    link = link_of(stage, readers[0])
    before = dump(stage.database)
    page = served.get(link)
    assert dump(stage.database) == before
    assert "I have washed a pot" in page.text

    done = served.press(link, {"do": "done", "day": "day-01"})

    assert "It is marked as done." in done.text
    assert "small tasks" not in done.text  # "one of 1 small tasks" says nothing more
    served.press(link, {"do": "done", "day": "day-01"})
    assert len(rows_of(stage.database, tables.day_done)) == 1
    served.press(link, {"do": "undo", "day": "day-01"})
    assert rows_of(stage.database, tables.day_done) == []


@pytest.mark.parametrize("day", ["day-02", "day-99", "", "launch"])
def test_only_a_task_that_has_gone_out_can_be_marked(
    stage: Stage, served: Serving, readers: list[int], day: str
) -> None:
    assert served.post(link_of(stage, readers[0]), {"do": "done", "day": day}).status == 404
    assert rows_of(stage.database, tables.day_done) == []


def test_letters_count_what_each_reader_has_done(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    """On the fast path and on the plain one; the group's number only from five readers on."""
    for reader in readers[:4]:
        served.press(link_of(stage, reader), {"do": "done", "day": "day-01"})
    assert (
        texts_of(stage, 2)
        == ["1 done, 1 in a row, group: 0"] * 4 + ["0 done, 0 in a row, group: 0"] * 2
    )

    for reader in (readers[0], readers[5]):
        served.press(link_of(stage, reader, "day-02"), {"do": "done", "day": "day-02"})
    assert texts_of(stage, 3) == [
        "2 done, 2 in a row, group: 5",
        *["1 done, 0 in a row, group: 5"] * 3,
        "0 done, 0 in a row, group: 5",
        "1 done, 1 in a row, group: 5",
    ]


def test_a_streak_goes_on_over_a_change_of_zone(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    served.press(link_of(stage, readers[0]), {"do": "done", "day": "day-01"})
    texts_of(stage, 2)
    with stage.database.write() as connection:
        moved = sa.update(tables.subscriber).values(timezone="Asia/Tokyo")
        connection.execute(moved.where(tables.subscriber.c.id == readers[0]))
    served.press(link_of(stage, readers[0], "day-02"), {"do": "done", "day": "day-02"})

    assert texts_of(stage, 3)[0] == "2 done, 2 in a row, group: 0"
    zones = [row.timezone for row in rows_of(stage.database, tables.day_done)]
    assert zones == ["Europe/Paris", "Asia/Tokyo"]


def test_a_letter_for_finishers_goes_to_them_alone(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    stage.edit("days/02-day-2.md", "subject:", "finished: 1\nsubject:")
    for reader in readers[2:4]:
        served.press(link_of(stage, reader), {"do": "done", "day": "day-01"})
    now = stage.clock.now()
    report = report_campaign(stage.database, stage.campaign, now)
    reports = {one.key: one for one in report.emails}
    assert reports["day-02"].skipped == {"not_finished": 4}
    [_, entry, *_] = read_timeline(stage.database, stage.campaign, readers[0], now)
    assert (entry.key, entry.reason) == ("day-02", "not_finished")

    stage.send(DAY_1 + timedelta(days=1))

    assert stage.addresses()[6:] == ["reader3@readers.example", "reader4@readers.example"]


def test_a_forwarded_letter_shows_the_month_and_not_its_reader(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    late = stage.add_readers(1, name="late", joined_at=DAY_1 + timedelta(hours=6))[0]
    texts_of(stage, 2)
    page = served.get(link_of(stage, readers[0], "day-02")).text

    assert "Reader1" not in page
    assert "readers.example" not in page
    assert "Day 3" not in page
    letters = re.findall(r"/v/[\w-]{32}\?share=1", page)
    assert len(letters) == 2
    assert "Hi friend" in served.get(letters[0]).text
    missed = served.get(link_of(stage, late, "day-02")).text
    assert missed.count("you did not get this letter") == 1
    assert len(re.findall(r"/v/[\w-]{32}\?share=1", missed)) == 1


def test_a_forgotten_reader_leaves_no_mark(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    link = link_of(stage, readers[0])
    served.press(link, {"do": "done", "day": "day-01"})
    forget(stage.database, "reader1@readers.example", stage.clock.now())

    assert rows_of(stage.database, tables.day_done) == []
    assert served.get(link).status == 404
