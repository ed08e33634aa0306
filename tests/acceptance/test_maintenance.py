"""db, doctor, demo and worker, as an operator types them."""

from __future__ import annotations

import email
import email.policy
import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.core.zones import TZ_DATABASE
from tests.acceptance.program import CLEAN_ENVIRONMENT, Shop, Typist
from tests.support.postgres import PostgresServer


def test_the_database_is_upgraded_once(shop: Shop) -> None:
    (shop.folder / "lovecampaign.db").unlink()
    first, second = (shop.data("db", "upgrade") for _ in range(2))

    assert (first["upgraded"], second["upgraded"]) == (True, False)
    assert first["version"] == second["version"]


def test_a_backup_is_a_whole_database(shop: Shop) -> None:
    shop.type("db", "backup", "copy.db").done()

    with sqlite3.connect(shop.folder / "copy.db") as copy:
        (people,) = copy.execute("SELECT count(*) FROM subscriber").fetchone()
    copy.close()
    assert people == 4
    again = shop.type("db", "backup", "copy.db")
    assert again.code == 2
    assert "exists already" in again.err


GOOD, BAD = "sqlite:///lovecampaign.db", ("nonsense", "mysql://shop/love", "sqlite:///")


@pytest.mark.parametrize("bad", BAD)
def test_a_copy_names_the_address_that_is_wrong(shop: Shop, bad: str) -> None:
    for urls, name in (((bad, GOOD), "FROM_URL"), ((GOOD, bad), "TO_URL")):
        said = shop.type("db", "copy", *urls, "--json")
        assert said.code == 2
        assert said.json["schema"] == "lovecampaign/db-copy@1"
        (problem,) = said.json["errors"]
        assert problem["message"].startswith(name)
        assert "postgresql://" in problem["hint"]
    told = shop.type("status", LOVECAMPAIGN_DATABASE_URL=bad).err
    assert "LOVECAMPAIGN_DATABASE_URL" in told


def test_a_copy_into_a_folder_that_is_not_there_blames_no_setting(shop: Shop) -> None:
    said = shop.type("db", "copy", GOOD, "sqlite:///nowhere/love.db")

    assert said.code == 7
    assert "nowhere/love.db" in said.err
    assert "LOVECAMPAIGN_DATABASE_URL" not in said.err


def test_the_doctor_finds_a_healthy_shop_healthy(shop: Shop) -> None:
    findings = {each["name"]: each["state"] for each in shop.data("doctor")["findings"]}

    assert findings == {
        "settings": "good",
        "database": "good",
        "clock": "good",
        "provider": "good",
        "processes": "good",
        "public url": "good",
        "dns": "unknown",
    }
    text = shop.type("doctor").done().out
    assert "reserved name" in text
    assert "Nothing is wrong." in text


def test_the_doctor_names_what_is_wrong_and_what_to_type(shop: Shop) -> None:
    (shop.folder / ".env").chmod(0o644)
    said = shop.type("doctor", LOVECAMPAIGN_PROVIDER="sendgird:")

    assert said.code == 1
    assert "chmod 600" in said.out
    assert "LOVECAMPAIGN_PROVIDER" in said.out
    assert "2 things wrong." in said.out


def findings(shop: Shop, **settings: str) -> dict[str, tuple[str, str]]:
    """What the doctor says of each thing."""
    told = shop.type("doctor", "--json", **settings).data["findings"]
    return {each["name"]: (each["state"], each["message"]) for each in told}


def test_the_doctor_lists_servers_that_get_nothing_ahead_and_forgets_them(shop: Shop) -> None:
    with sqlite3.connect(shop.folder / "lovecampaign.db") as ledger:
        note = ("nothing ahead to smtp://mail.bloom.example:587", "DATA was sent ahead: 503")
        ledger.execute("INSERT INTO setting (name, value) VALUES (?, ?)", note)
    ledger.close()
    state, message = findings(shop)["server"]
    assert state == "good"
    assert "smtp://mail.bloom.example:587" in message
    assert "503" in message
    assert "doctor --forget-servers" in shop.type("doctor").done().out
    assert [shop.data("doctor", "--forget-servers") for _ in range(2)] == [
        {"forgotten": 1},
        {"forgotten": 0},
    ]
    assert "server" not in findings(shop)


def test_an_address_that_no_link_can_begin_with_is_wrong_before_mail_fails(shop: Shop) -> None:
    settings = {"LOVECAMPAIGN_PUBLIC_URL": "ftp://x"}

    for provider in ("maildir:outbox", "sendgrid:"):
        found = findings(shop, **settings, LOVECAMPAIGN_PROVIDER=provider)
        state, message = found["public url"]
        assert state == "wrong"
        assert "LOVECAMPAIGN_PUBLIC_URL" in message
    for words in ("send --yes", "run --yes", "send --day 1 --to a@b.example", "send --dry-run"):
        said = shop.type(*words.split(), "--now", "2027-02-01T11:00Z", **settings)
        assert said.code == 2
        assert "LOVECAMPAIGN_PUBLIC_URL" in said.err
    assert shop.letters == []


@pytest.mark.parametrize("key", ["hunter2", "a" * 64])
def test_the_doctor_doubts_a_key_that_can_be_guessed(shop: Shop, key: str) -> None:
    assert findings(shop, LOVECAMPAIGN_SECRET_KEY=key)["settings"][0] == "doubtful"


def test_the_doctor_reads_a_test_mail_that_arrived(shop: Shop) -> None:
    shop.type("send", "--day", "day-01", "--to", "me@bloom.example").done()
    (letter,) = (shop.folder / "outbox" / "new").iterdir()
    unsigned = shop.type("doctor", "--mail", str(letter))
    assert unsigned.code == 1
    assert "no DKIM signature" in unsigned.out
    fields = b"from:list-unsubscribe:list-unsubscribe-post"
    signature = b"DKIM-Signature: v=1; d=bloom.example; h=" + fields + b"; b=x\r\n"
    letter.write_bytes(signature + letter.read_bytes())
    assert "covers the one-click" in shop.type("doctor", "--mail", str(letter)).done().out
    missing = shop.type("doctor", "--mail", "nothing.eml")
    assert (missing.code, "cannot be read" in missing.err) == (2, True)


def test_the_doctor_makes_no_database(shop: Shop) -> None:
    (shop.folder / "lovecampaign.db").unlink()

    state, message = findings(shop)["database"]
    assert state == "good"
    assert "the first use creates them" in message
    assert not (shop.folder / "lovecampaign.db").exists()


def test_the_doctor_misses_the_folder_of_a_database(shop: Shop) -> None:
    url = "sqlite:///nowhere/love.db"
    state, message = findings(shop, LOVECAMPAIGN_DATABASE_URL=url)["database"]

    assert state == "wrong"
    assert "nowhere" in message


def test_the_doctor_names_no_server_where_a_file_is_broken(shop: Shop) -> None:
    (shop.folder / "lovecampaign.db").write_text("no database at all")
    said = shop.type("doctor", "--json")

    assert said.code == 7
    assert "server" not in said.json["errors"][0]["hint"]


def test_a_broken_env_file_is_told_with_its_line(shop: Shop) -> None:
    with (shop.folder / ".env").open("a") as file:
        file.write("SENDGRID_API_KEY\n")
    said = shop.type("status")

    assert said.code == 2
    assert "line 2 of .env" in said.err
    assert "python-dotenv" not in said.err.lower()


def test_the_doctor_says_7_where_something_does_not_answer(shop: Shop) -> None:
    said = shop.type("doctor", "--json", LOVECAMPAIGN_PROVIDER="smtp://127.0.0.1:1")

    assert said.code == 7
    states = {each["name"]: each["state"] for each in said.data["findings"]}
    assert (states["provider"], states["database"]) == ("wrong", "good")


def test_the_doctor_sees_a_clock_that_was_set_back(shop: Shop) -> None:
    shop.type("send", "--now", "2027-02-01T11:00Z").done()
    said = shop.type("doctor", "--now", "2027-01-31T11:00Z")

    assert said.code == 1
    assert "the ledger has a claim of" in said.out


def test_the_doctor_says_which_time_zones_are_in_use_and_warns_of_old_ones(shop: Shop) -> None:
    young, old = (shop.type("doctor", "--now", f"{year}-11-30T00:00Z") for year in (2026, 2035))

    assert f"UTC, time zones {TZ_DATABASE.version} of the" in young.out
    assert "older than a year" not in young.out
    assert f"check   tz database: time zones {TZ_DATABASE.version} of the" in old.out
    assert "type: pip install --upgrade tzdata" in old.out


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, typist: Typist) -> dict[str, Any]:
    """The example month with a handful of people."""
    folder = tmp_path_factory.mktemp("demo")
    words = ("demo", "--subscribers", "8", "--json")
    return typist(*words, cwd=folder, TMPDIR=str(folder)).done().data


def test_the_demo_plays_the_month_and_leaves_nobody_out(played: dict[str, Any]) -> None:
    emails = played["emails"]
    assert len([each for each in emails if each["key"].startswith("day-")]) == 27
    assert all(each["planned"] == each["sent"] for each in emails)
    assert next(each for each in emails if each["key"] == "launch")["sent"] > 0
    by_key = {each["key"]: each for each in emails}
    assert by_key["day-05"]["skipped"] == {"joined_after": 1, "tag": 1}
    assert by_key["day-09"]["skipped"] == {"suppressed": 1, "tag": 1}


def test_the_demo_ends_in_a_command_that_a_plain_shell_finds(tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("lovecampaign"))
    plain = CLEAN_ENVIRONMENT | {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    words = [program, "demo", "--subscribers", "1"]
    played = subprocess.run(
        words, cwd=tmp_path, env=plain, capture_output=True, text=True, check=True
    )
    following = played.stderr.rpartition("Next: ")[2]

    shown = subprocess.run(
        ["sh", "-c", following], cwd=tmp_path, env=plain, capture_output=True, text=True, check=True
    )
    assert "day-01" in shown.stdout


def test_the_demo_mails_nobody_twice(played: dict[str, Any]) -> None:
    outbox = Path(str(played["outbox"]))
    letters = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in (outbox / "new").glob("*")
    ]
    twice = Counter((str(letter["To"]), str(letter["Subject"])) for letter in letters)

    assert set(twice.values()) == {1}
    assert {letter["Date"].datetime.minute for letter in letters} == {0}
    assert "<html" in Path(str(played["letter"])).read_text(encoding="utf-8")
    shutil.rmtree(str(played["workspace"]))


def test_doctor_shows_the_ten_steps_to_the_first_mail(shop: Shop) -> None:
    data = shop.data("doctor", "--first-mail")
    told = shop.type("doctor", "--first-mail").done().out

    assert (data["campaign"], len(data["steps"])) == ("test-month", 10)
    assert {"name", "state", "message", "where", "lines", "look_at"} == set(data["steps"][0])
    assert all(step["lines"] for step in data["steps"] if step["state"] != "done")
    for step in data["steps"]:
        assert f"{step['name']}: " in told
        assert all(line in told for line in (*step["lines"], *step["look_at"]))
    assert "0 of 10 steps are done." in told


AT_NINE = "2027-02-01T09:00+01:00"
ENGINE = "procrastinate"


def test_run_queues_and_a_worker_delivers(shop: Shop, postgres: PostgresServer) -> None:
    with postgres.database() as url:
        shop.type("db", "copy", "sqlite:///lovecampaign.db", url).done()
        settings = {"LOVECAMPAIGN_DATABASE_URL": url, "LOVECAMPAIGN_ENGINE": ENGINE}
        early = shop.type("worker", "--once", **settings)
        assert (early.code, "lovecampaign db upgrade" in early.err) == (2, True)

        shop.type("db", "upgrade", **settings).done()
        queued = shop.type("run", "--now", AT_NINE, "--json", **settings)
        assert queued.code == 6
        assert json.loads(queued.out)["data"]["remaining"] == 1

        worked = shop.type("worker", "--once", "--now", AT_NINE, "--json", **settings)
        assert worked.code == 0, worked
        (line,) = worked.out.splitlines()
        said = json.loads(line)
        assert said["schema"] == "lovecampaign/worker@1"
        assert said["data"] == {
            "campaign": "test-month",
            "key": "day-01",
            "batch": 1,
            "epoch": 1,
            "now": "2027-02-01T08:00:00Z",
            "due": 1,
            "sent": 1,
            "failed": 0,
            "skipped": 0,
            "in_doubt": 0,
            "retry_later": 0,
            "remaining": 0,
        }
        assert "workers" in shop.type("status", "--json", **settings).json["data"]
        refused = shop.type("run", "--processes", "2", **settings)
        assert (refused.code, "start more workers" in refused.err) == (2, True)


def test_a_worker_needs_postgresql_and_says_so(shop: Shop) -> None:
    for words in (("worker",), ("run", "--now", AT_NINE), ("db", "upgrade")):
        said = shop.type(*words, LOVECAMPAIGN_ENGINE=ENGINE)
        assert said.code == 2
        assert "needs PostgreSQL" in said.err


def test_an_unknown_engine_is_named_with_the_known_ones(shop: Shop) -> None:
    said = shop.type("run", "--now", AT_NINE, LOVECAMPAIGN_ENGINE="celery")
    assert said.code == 2
    assert "celery" in said.err
    assert "in-process or procrastinate" in said.err
