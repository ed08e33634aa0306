"""A new user's first minute: an empty folder, five commands, mail in the outbox."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.acceptance.program import Shop, Typist, text_of


def test_from_an_empty_folder_to_mail_in_the_outbox(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (tmp_path / "people.csv").write_text("email,first_name\nana@readers.example,Ana\n")

    begun = shop.type("new", "my-launch", "--start", "today").done()
    assert "Next: lovecampaign check my-launch" in begun.err
    checked = shop.type("check").done()
    assert "no mistakes" in checked.out
    assert "Next: lovecampaign plan my-launch" in checked.err
    imported = shop.type("subscribers", "import", "people.csv", "--apply").done()
    assert "1 new" in imported.out
    today = date.today().isoformat()  # noqa: DTZ011 - as a person reads it off the wall
    sent = shop.type("send", "--yes", "--now", f"{today}T12:00+01:00").done()

    assert "1 sent" in sent.out
    (letter,) = shop.letters
    assert letter["To"].addresses[0].addr_spec == "ana@readers.example"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Ana" in text_of(letter)


def test_the_secret_of_a_new_workspace_is_its_owner_s_alone(tmp_path: Path, typist: Typist) -> None:
    shop = Shop(tmp_path, typist)
    made = shop.data("new", "spring", "--start", "2027-02-01", "--timezone", "Europe/Lisbon")

    assert made["campaign"] == "spring"
    assert "campaigns/spring/campaign.yaml" in made["files"]
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert ".env" in (tmp_path / ".gitignore").read_text().splitlines()
    assert "timezone: Europe/Lisbon" in (tmp_path / "campaigns/spring/campaign.yaml").read_text()


def test_new_overwrites_nothing_and_repeats_an_earlier_month(
    tmp_path: Path, typist: Typist
) -> None:
    shop = Shop(tmp_path, typist)
    shop.type("new", "spring", "--start", "2027-02-01").done()

    again = shop.type("new", "spring")
    assert (again.code, again.out) == (2, "")
    assert "exists already" in again.err
    shop.type("new", "autumn", "--from", "spring", "--start", "2027-09-06").done()
    text = (tmp_path / "campaigns/autumn/campaign.yaml").read_text()
    assert "id: autumn-2027-09" in text
    assert "start: 2027-09-06" in text
    checked = shop.type("check", "--json")
    assert checked.data["campaigns"] == ["autumn", "spring"]
    assert checked.code == 0


def test_the_longest_name_passes_check(tmp_path: Path, typist: Typist) -> None:
    shop = Shop(tmp_path, typist)
    shop.type("new", "a" * 64, "--start", "2027-02-01").done()

    shop.type("check").done()


def test_a_start_that_is_no_date_is_answered_with_one(tmp_path: Path, typist: Typist) -> None:
    said = Shop(tmp_path, typist).type("new", "spring", "--start", "next monday")

    assert said.code == 2
    assert "2027-02-01" in said.err
    assert list(tmp_path.iterdir()) == []
