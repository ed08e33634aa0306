"""While the database cannot be written, pages answer 503 within seconds, and readiness fails."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.web.serve.handler.site import PATIENCE_SECONDS
from lovecampaign.web.serve.pages.unsubscribe import PATIENCE_SECONDS as ONE_CLICK_SECONDS
from lovecampaign.web.serve.webhooks.health import WAIT_SECONDS
from tests.integration.serve.support.letters import active_suppressions, token_of
from tests.support.serving import Answer, Serving
from tests.support.stage import Stage
from tests.support.wait_until import wait_until

READER = "reader1@readers.example"
#: A busy machine may take its time.
SLACK = 5.0


@pytest.fixture
def database_kind() -> str:
    """PostgreSQL lets many write at a time."""
    return "sqlite"


@contextlib.contextmanager
def someone_writing(database: Database) -> Iterator[None]:
    """Another process holds SQLite's one place for a writer."""
    with contextlib.closing(sqlite3.connect(str(database.file), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def readiness(served: Serving) -> tuple[int, list[str]]:
    answer = served.get("/readyz")
    said: dict[str, Any] = json.loads(answer.text)
    return answer.status, said["troubles"]


def timed(served: Serving, path: str) -> tuple[Answer, float]:
    began = time.monotonic()
    answer = served.post(path)
    return answer, time.monotonic() - began


def test_who_cannot_write_is_not_ready_and_says_why(
    served: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    with someone_writing(served.site.database):
        began = time.monotonic()
        status, troubles = readiness(served)
        took = time.monotonic() - began

    assert status == 503
    assert troubles == [
        "nothing can be written to the database: another process holds its write lock"
    ]
    assert took < WAIT_SECONDS + SLACK
    assert "Not ready: nothing can be written" in caplog.text
    wait_until(lambda: readiness(served) == (200, []))


def test_readiness_is_looked_at_once_a_second_however_many_ask(served: Serving) -> None:
    looks = []

    @contextlib.contextmanager
    def counted() -> Iterator[None]:
        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement == "BEGIN IMMEDIATE":
                looks.append(statement)

        engine = served.site.database.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        yield
        sa.event.remove(engine, "before_cursor_execute", note)

    with counted(), ThreadPoolExecutor(8) as crowd:
        began = time.monotonic()
        answers = list(crowd.map(lambda _: readiness(served), range(60)))
        took = time.monotonic() - began

    assert answers == [(200, [])] * 60
    assert len(looks) <= 1 + took


def test_a_page_that_cannot_write_says_so_in_words_within_seconds(
    served: Serving, stage: Stage
) -> None:
    """Many at once, too: none waits for the waiting of the others."""
    record_campaign(stage.database, stage.campaign)
    path = "/join/readers"
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', served.get(path).text))
    stage.clock.move_to(stage.clock.now() + timedelta(seconds=5))

    def join(number: int) -> Answer:
        return served.post(path, {**form, "email": f"ana{number}@reader.example"})

    with someone_writing(served.site.database), ThreadPoolExecutor(4) as crowd:
        began = time.monotonic()
        answers = list(crowd.map(join, range(4)))
        took = time.monotonic() - began

    assert {answer.status for answer in answers} == {503}
    assert all("This takes a moment longer" in answer.text for answer in answers)
    assert {answer.headers["retry-after"] for answer in answers} == {"60"}
    assert took < 2 * PATIENCE_SECONDS + SLACK


def test_one_click_waits_longer_and_is_asked_to_come_again(served: Serving, stage: Stage) -> None:
    [reader] = stage.add_readers(1)
    stage.send()
    link = f"/u/{token_of(stage, reader)}"

    with someone_writing(served.site.database):
        refused, took = timed(served, link)
    taken, _ = timed(served, link)

    assert (refused.status, refused.headers["retry-after"]) == (503, "60")
    assert PATIENCE_SECONDS < ONE_CLICK_SECONDS <= took < ONE_CLICK_SECONDS + SLACK
    assert taken.status == 200
    assert active_suppressions(stage.database, READER)


def test_a_database_that_is_moved_away_is_told_in_words(
    served: Serving, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    [reader] = stage.add_readers(1)
    stage.send()
    link = f"/u/{token_of(stage, reader)}"
    file = served.site.database.file
    assert file is not None
    file.rename(file.with_name("moved.db"))
    stage.database.engine.dispose()  # connections that are open go on with the file

    assert readiness(served) == (
        503,
        ["nothing can be written to the database: its file was moved or deleted"],
    )
    assert served.post(link).status == 503
    assert "Not ready: nothing can be written to the database: its file was moved" in caplog.text
    assert str(file) in caplog.text
    assert "was moved, deleted or replaced" in caplog.text
