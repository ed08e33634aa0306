"""Lists, tags and codes that would mail the wrong thing, or nothing, are told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store.checkout.codes import assign_codes, fill_pool
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import record_campaign
from lovecampaign.testing.campaigns import write_campaign
from tests.chaos.commands import fork_command as lovecampaign
from tests.support.stage import Stage

KEY = {"LOVECAMPAIGN_SECRET_KEY": "test-key"}
AT = ("--now", "2027-02-01T12:00:00Z")


def run(folder: Path, *words: str) -> tuple[Any, list[str]]:
    said = lovecampaign(*words, "--json", cwd=folder, **KEY)
    read = json.loads(said.out)
    return read, [problem["message"] for problem in (*read["errors"], *read["warnings"])]


def write(folder: Path, **settings: Any) -> None:
    write_campaign(folder, start=date(2027, 2, 1), days=2, settings=settings)


def add(folder: Path, *words: str) -> None:
    said = lovecampaign("subscribers", "add", *words, cwd=folder, **KEY)
    assert said.code == 0, said.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    add(tmp_path, "ana@readers.example", "--list", "reader", "--tag", "VIP")
    return tmp_path


def test_a_list_that_has_no_subscriber_is_told_by_check_and_send(folder: Path) -> None:
    _, checked = run(folder, "check")
    sent, told = run(folder, "send", *AT)
    _, foreseen = run(folder, "send", "--dry-run", *AT)

    for messages in (checked, told, foreseen):
        assert "no subscriber is on the list readers" in messages
        assert "no subscriber is on the list insiders" in messages
    assert sent["data"]["due"] == 0
    shown = lovecampaign("send", *AT, cwd=folder, **KEY)
    assert "no subscriber is on the list readers" in shown.out + shown.err


def test_a_tag_that_no_subscriber_has_is_told_whatever_its_letters(folder: Path) -> None:
    write(folder, audience={"list": "reader", "with_tags": ["vipp", "vip"]})
    _, checked = run(folder, "check")
    sent, told = run(folder, "send", *AT)

    for messages in (checked, told):
        assert "no subscriber has the tag vipp" in messages
        assert "no subscriber has the tag vip" not in messages
    assert sent["data"]["sent"] == 1


def test_a_tag_that_leaves_out_is_told_where_it_is_nearly_one_in_use(folder: Path) -> None:
    write(folder, audience={"list": "reader", "without_tags": ["vipp", "staff"]})
    _, checked = run(folder, "check")
    _, told = run(folder, "send", "--dry-run", *AT)

    for messages in (checked, told):
        assert "no subscriber has the tag vipp" in messages
        assert "no subscriber has the tag staff" not in messages


def test_check_shows_how_many_codes_there_are_with_the_first_and_the_last(folder: Path) -> None:
    write(folder, deals={"insider": {"codes": "codes.csv"}})
    codes = folder / "campaigns" / "test-month" / "codes.csv"
    codes.write_text("Gutscheincode\nA1\nB2\nC3\n", encoding="utf-8")
    checked, _ = run(folder, "check")

    assert checked["data"]["codes"] == [
        {
            "campaign": "test-month",
            "deal": "insider",
            "file": "codes.csv",
            "count": 3,
            "first": "A1",
            "last": "C3",
        }
    ]
    text = lovecampaign("check", cwd=folder, **KEY).out
    assert "codes.csv (deal insider of test-month): 3 codes, A1 to C3" in text


def test_codes_of_an_earlier_campaign_are_an_error(settings: Settings, database: Database) -> None:
    deal = {"insider": {"codes": "codes.csv"}}
    earlier = Stage(settings, database, days=1, settings_={"id": "earlier"})
    ids = earlier.add_readers(2)
    record = record_campaign(database, earlier.campaign)
    insider = earlier.campaign.insider_deal
    assert insider is not None
    insider = replace(insider, codes_file="codes.csv")
    with database.write() as connection:
        fill_pool(connection, record.id, insider.key, ["A1", "B2", "C3"])
        assign_codes(connection, record.id, insider, ids)
    write(settings.workspace, deals=deal)
    codes = settings.workspace / "campaigns" / "test-month" / "codes.csv"

    said = check_codes(settings, codes, "code\nA1\nB2\nC3\nD4\n")
    assert "codes.csv: 2 codes, such as A1, were handed out in the campaign earlier" in said
    assert not [
        words for words in check_codes(settings, codes, "code\nC3\nD4\n") if "handed" in words
    ]


def check_codes(settings: Settings, file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    said = lovecampaign(
        "check",
        "--json",
        cwd=settings.workspace,
        LOVECAMPAIGN_DATABASE_URL=settings.database_url,
        **KEY,
    )
    return [problem["message"] for problem in json.loads(said.out)["errors"]]
