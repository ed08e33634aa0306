"""A new user's first minute: an empty folder, five commands, mail in the outbox."""

from __future__ import annotations

import re
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


def test_a_german_month_of_ten_days_from_guidance_to_the_report(
    tmp_path: Path, typist: Typist
) -> None:
    shop = Shop(tmp_path, typist)
    new = ("new", "backstube", "--blank", "--language", "de", "--days", "10")
    shop.type(*new, "--start", "2027-02-01").done()
    (tmp_path / "leute.csv").write_text("email,first_name\nana@readers.example,Ana\n")
    assert set(shop.type("check", "--json").done().codes) == {"LC205", "LC206"}

    folder = tmp_path / "campaigns" / "backstube"
    for number, file in enumerate(sorted(folder.glob("*/*.md"))):
        front, _, _guidance = file.read_text().partition("{#")
        button = "[[button: Sag es mir | {{ links.insiders }}]]\n" if "vorab" in file.name else ""
        front = re.sub(r'subject: ".*"', f'subject: "Brot {number} aus dem Ofen"', front)
        front = front.replace("[…]", f"Nach {number} Minuten duftet es bei dir.")
        front = front.replace("[Name des Gastes]", "Mai").replace('"}', '", approved: 2027-01-20}')
        file.write_text(f"{front}Dein Teig ruht, und du hast Zeit. Danke! Antworte.\n\n{button}")
    settings = folder / "campaign.yaml"
    settings.write_text(
        re.sub(r"\[Dei.*?\]", "Backstube Korn, Am Markt 3, Ulm", settings.read_text())
    )
    assert shop.type("check", "--json").done().codes == ["LC241"]

    shop.type("subscribers", "import", "leute.csv", "--apply").done()
    sent = shop.data("send", "--yes", "--now", "2027-02-01T12:00+01:00")
    assert (sent["sent"], sent["remaining"]) == (1, 0)
    plan = shop.data("plan", "--now", "2027-02-01T12:00+01:00")
    assert [(one["key"], one["date"]) for one in plan["emails"]][-4:-1] == [
        ("launch", "2027-02-11"),
        ("last-call", "2027-02-13"),
        ("thanks", "2027-02-14"),
    ]


def test_a_repeated_month_says_what_to_look_at(tmp_path: Path, typist: Typist) -> None:
    shop = Shop(tmp_path, typist)
    shop.type("new", "spring", "--start", "2027-02-01").done()
    again = shop.data("new", "autumn", "--from", "spring", "--start", "2027-09-06")
    whats = {one["what"]: one for one in again["look_at"]}
    assert whats.keys() == {"date", "approval"}
    assert whats["approval"]["file"] == "campaigns/autumn/days/12-mai-tran.md"
    refused = shop.type("new", "other", "--from", "spring", "--days", "10")
    assert (refused.code, refused.out) == (2, "")
    assert "--blank and --days out" in refused.err
