"""A gift is a file behind its link: whole or in ranges, counted once for each person."""

from __future__ import annotations

import re
import shutil

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.testing.campaigns import day_file
from tests.integration.serve.support.letters import rows_of, token_of
from tests.support.serving import Serving
from tests.support.stage import Stage

CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 400
_LETTER = "Hi.\n\n[[gift: files/Ma liste.pdf | Take the checklist]]\n"


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    files = {"days/01-day-1.md": day_file(1, body=_LETTER), "files/Ma liste.pdf": CONTENT}
    return Stage(settings, database, days=3, files=files)


@pytest.fixture
def readers(stage: Stage) -> list[int]:
    ids = stage.add_readers(2)
    stage.send()
    return ids


def link_in(stage: Stage, number: int = 0) -> str:
    found = re.search(r"/g/[\w-]{32}\?f=[0-9a-f]{20}", stage.memory.sent[number].text)
    assert found is not None
    return found[0]


def test_the_link_in_the_letter_is_the_file_itself(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    answer = served.get(link_in(stage))

    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    assert "Ma%20liste.pdf" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_download_manager_takes_it_in_four_ranges_and_goes_on_after_a_break(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    link = link_in(stage)
    head = served.ask("HEAD", link)
    assert head.headers["accept-ranges"] == "bytes"
    size, etag = int(head.headers["content-length"]), head.headers["etag"]
    assert rows_of(stage.database, tables.gift_taken) == []

    part = size // 4 + 1
    pieces = []
    for start in range(0, size, part):
        last = min(start + part, size) - 1
        headers = {"Range": f"bytes={start}-{last}", "If-Range": etag}
        answer = served.ask("GET", link, headers=headers)
        assert answer.status == 206
        assert answer.headers["content-range"] == f"bytes {start}-{last}/{size}"
        pieces.append(answer.body)
        is_last = last == size - 1
        assert len(rows_of(stage.database, tables.gift_taken)) == is_last

    assert b"".join(pieces) == CONTENT
    assert served.ask("GET", link, headers={"Range": "bytes=-9"}).body == CONTENT[-9:]
    assert served.ask("GET", link, headers={"Range": f"bytes={size}-"}).status == 416
    other = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert served.ask("GET", link, headers=other).status == 200


@pytest.mark.parametrize(
    ("asked", "status"), [("bytes=9999999-", 416), ("bytes=abc", 400), ("bytes=0-9", 206)]
)
def test_an_answer_without_the_last_byte_counts_for_no_one(
    stage: Stage, served: Serving, readers: list[int], asked: str, status: int
) -> None:
    assert served.ask("GET", link_in(stage), headers={"Range": asked}).status == status
    assert rows_of(stage.database, tables.gift_taken) == []


def test_each_person_counts_once(stage: Stage, served: Serving, readers: list[int]) -> None:
    for _ in range(3):
        served.get(link_in(stage))
    served.get(link_in(stage, 1))

    taken = rows_of(stage.database, tables.gift_taken)
    assert sorted(row.subscriber_id for row in taken) == sorted(readers)
    assert {row.name for row in taken} == {"Ma liste.pdf"}


def test_a_shared_copy_gives_it_too_and_counts_for_no_one(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    share = token_of(stage, readers[0], "day-01", Purpose.SHARE)
    page = served.get(f"/v/{share}?share=1").text
    found = re.search(r"/g/[\w-]{32}\?f=[0-9a-f]{20}", page)
    assert found is not None
    assert token_of(stage, readers[0], "day-01", Purpose.GIFT) not in page

    assert served.get(found[0]).body == CONTENT
    assert rows_of(stage.database, tables.gift_taken) == []


def test_an_old_letter_gives_its_own_file_after_the_author_has_removed_it(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    shutil.rmtree(stage.folder / "files")

    assert served.get(link_in(stage)).body == CONTENT


@pytest.mark.parametrize("query", ["", "?f=", "?f=../../lovecampaign.db", f"?f={'0' * 20}"])
def test_nothing_else_is_behind_the_link(
    stage: Stage, served: Serving, readers: list[int], query: str
) -> None:
    assert served.get(link_in(stage).partition("?")[0] + query).status == 404


def test_whom_we_forget_has_taken_nothing(
    stage: Stage, served: Serving, readers: list[int]
) -> None:
    link = link_in(stage)
    served.get(link)

    forget(stage.database, stage.memory.sent[0].to.email, stage.clock.now())

    assert rows_of(stage.database, tables.gift_taken) == []
    assert served.get(link).status == 404
