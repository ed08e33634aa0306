"""A new user's first minute, and first months in their own languages, up to mail in the outbox."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tests.acceptance.program import Shop, Typist, text_of

START = date(2027, 2, 1)
PEOPLE = """\
email,first_name,timezone,{heading}
ana@readers.example,Ana,Europe/Paris,{ana}
ben@readers.example,,Europe/London,{ben}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a test writes into each letter of a month, in one language."""

    subject: str
    gift: str
    offer: str
    button: str


GERMAN = Words(
    subject="Brot aus dem Ofen",
    gift="Dein Teig ruht, und du hast Zeit. Danke! Antworte mir am {{ day.date }}.",
    offer="Es ist da, und für dich kostet es {{ offer.price }}.",
    button="Sag es mir",
)
ENGLISH = Words(
    subject="Bread from the oven",
    gift="Your dough rests, and you have time. Thank you! Reply by {{ day.date }}.",
    offer="It is here, and it is yours for {{ offer.price }}.",
    button="Tell me early",
)
FRENCH = Words(
    subject="Le pain du four",
    gift="Votre pâte repose, et vous avez du temps. Merci ! Répondez le {{ day.date }}.",
    offer="Il est là, et il est à vous pour {{ offer.price }}.",
    button="Je veux savoir",
)


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


def write_letters(folder: Path, words: Words, language: str = "", reads: Words = GERMAN) -> None:
    """Words in place of the guidance of each file, or, of a language, in a file beside it."""
    files = sorted(one for one in folder.glob("*/*.md") if one.name.count(".") == 1)
    for number, file in enumerate(files):
        front, _, rest = file.read_text().partition("{#")
        text = words.offer if file.parent.name == "launch" else words.gift
        button = f"[[button: {words.button} | {{{{ links.insiders }}}}]]\n"
        more = button if "links.insiders" in rest or "links.insiders" in front else ""
        front = re.sub(r"(?m)^subject: .*$", f'subject: "{words.subject} {number}"', front)
        front = re.sub(r"(?m)^preheader: .*$", f'preheader: "{words.subject}: {number}"', front)
        front = re.sub(r'name: ".*"}', 'name: "Mai", approved: 2027-01-20}', front)
        if language:
            lines = front.split("---")[1].splitlines()
            own = [line for line in lines if line.startswith(("subject", "preheader"))]
            front = "\n".join(("---", *own, "---\n"))
        name = f"{file.stem}.{language}.md" if language else file.name
        file.with_name(name).write_text(f"{front}{text}\n\n{more}")
    settings = folder / "campaign.yaml"
    settings.write_text(re.sub(r'"\[.*?\]"', '"Korn, Markt 3, Ulm"', settings.read_text()))


def send_on(shop: Shop, days: Iterable[int]) -> list[int]:
    """How many letters the report of ``send`` counts on the noon of each day."""
    noons = (f"{START + timedelta(days=day - 1)}T12:30+01:00" for day in days)
    reports = [shop.data("send", "--yes", "--now", noon) for noon in noons]
    assert {(report["failed"], report["in_doubt"]) for report in reports} == {(0, 0)}
    return [report["sent"] for report in reports]


def test_a_german_month_of_ten_days_from_guidance_to_the_report(
    tmp_path: Path, typist: Typist
) -> None:
    shop = Shop(tmp_path, typist)
    new = ("new", "backstube", "--blank", "--language", "de", "--days", "10")
    shop.type(*new, "--start", START.isoformat()).done()
    assert set(shop.type("check", "--json").done().codes) == {"LC205", "LC206"}
    write_letters(tmp_path / "campaigns" / "backstube", GERMAN)
    assert shop.type("check", "--json").done().codes == ["LC241"]

    (tmp_path / "leute.csv").write_text(PEOPLE.format(heading="Sprache", ana="Deutsch", ben="fr"))
    shop.type("subscribers", "import", "leute.csv", "--apply").done()
    shop.type("buyers", "add", "ben@readers.example", "--now", "2027-02-12T12:00Z").done()
    assert send_on(shop, (1, 2, 10, 11, 13, 14)) == [2, 2, 2, 2, 1, 1]

    assert len(shop.letters) == 10
    for letter in shop.letters:
        assert "mit einem Klick abmelden" in text_of(letter)
    first, last = text_of(shop.letters[0]), text_of(shop.letters[-1])
    assert "Tag 1 von 10" in first
    assert "Montag, 1. Februar 2027" in first
    assert "49,00\N{NO-BREAK SPACE}€" in last


def test_a_month_of_31_days_reaches_every_reader_in_their_language(
    tmp_path: Path, typist: Typist
) -> None:
    shop = Shop(tmp_path, typist)
    new = ("new", "bakery", "--blank", "--language", "en", "--days", "31")
    shop.type(*new, "--start", START.isoformat(), "--timezone", "Europe/Paris").done()
    folder = tmp_path / "campaigns" / "bakery"
    settings = folder / "campaign.yaml"
    settings.write_text(settings.read_text().replace("language: en", "languages: [en, fr]"))
    write_letters(folder, ENGLISH)
    refused = shop.type("check", "--json")
    assert refused.code == 1
    [missing] = [one for one in refused.json["errors"] if one["code"] == "LC229"]
    assert missing["message"].startswith("35 translations are missing, fr: day-01, day-02, ")
    write_letters(folder, FRENCH, "fr")
    assert set(shop.type("check", "--json").done().codes) == {"LC241"}

    (tmp_path / "people.csv").write_text(
        PEOPLE.format(heading="language", ana="fr_CA", ben="") + "cleo@readers.example,,,Italiano\n"
    )
    shop.type("subscribers", "import", "people.csv", "--apply").done()
    shop.type("subscribers", "add", "dan@readers.example", "--language", "français").done()
    shop.type("buyers", "add", "ana@readers.example", "--now", "2027-03-05T12:00Z").done()
    assert send_on(shop, (1, 31, 32, 34, 35)) == [4, 4, 4, 3, 1]

    assert shop.data("status")["emails"][0]["sent"] == 4
    letters = {
        (str(one["To"].addresses[0].addr_spec)[:3], one["Subject"]): text_of(one)
        for one in shop.letters
    }
    assert len(letters) == 16
    in_french = {who for (who, _), text in letters.items() if "partir en un clic" in text}
    in_english = {who for (who, _), text in letters.items() if "leave with one click" in text}
    assert (in_french, in_english) == ({"ana", "dan"}, {"ben", "cle"})
    for (who, subject), text in letters.items():
        assert subject.startswith((FRENCH if who in in_french else ENGLISH).subject)
        assert FRENCH.button not in text or who in in_french
    assert "Répondez le lundi 1er février 2027." in letters["ana", "Le pain du four 0"]
    assert "Reply by Monday 1 February 2027." in letters["ben", "Bread from the oven 0"]
