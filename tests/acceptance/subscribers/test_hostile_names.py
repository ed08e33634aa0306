"""Control characters of files and names never reach the terminal."""

from __future__ import annotations

import re
import sqlite3
import unicodedata

from tests.acceptance.program import Said, Shop

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31mDo\u202era\x08\x7f"
NOW = ("--now", "2027-01-25T12:00Z")


def controls_in(said: Said) -> set[str]:
    """Control characters and directions, but for the ends of lines."""
    shown = said.out + said.err
    found = {sign for sign in shown if unicodedata.category(sign) in {"Cc", "Zl", "Zp"}} - {"\n"}
    return found | set(re.findall("[\u202a-\u202e\u2066-\u2069]", shown))


def test_names_fields_tags_and_headings_are_stored_without_control_characters(shop: Shop) -> None:
    rows = f"email,first_name,tags,Ci{EVIL}ty\ndora@readers.example,{EVIL},v\x1bip,{EVIL}\n"
    (shop.folder / "more.csv").write_text(rows, encoding="utf-8")
    imported = shop.type("subscribers", "import", "more.csv", "--apply", *NOW).done()
    shown = shop.data("subscribers", "show", "dora@readers.example")["subscriber"]

    assert controls_in(imported) == set()
    assert shown["first_name"] == "Dora"
    assert shown["tags"] == ["vip"]
    assert shown["fields"] == {"cidoraty": "Dora"}


def test_a_subscriber_added_by_hand_has_a_clean_name(shop: Shop) -> None:
    words = ("subscribers", "add", "dora@readers.example", "--first-name", EVIL)
    assert controls_in(shop.type(*words, "--field", f"city={EVIL}").done()) == set()
    shown = shop.data("subscribers", "show", "dora@readers.example")["subscriber"]
    assert (shown["first_name"], shown["fields"]) == ("Dora", {"city": "Dora"})


def test_no_output_passes_on_what_an_older_version_stored(shop: Shop) -> None:
    with sqlite3.connect(shop.folder / "lovecampaign.db") as database:
        database.execute("UPDATE subscriber SET first_name = ?, last_name = ?", (EVIL, EVIL))
        database.execute("UPDATE import_log SET file = ?, list = ?", (EVIL, EVIL))
        database.execute("UPDATE consent SET source = ?", (EVIL,))
    for words in (
        ("subscribers", "show", "ana@readers.example"),
        ("imports",),
        ("explain", "ana@readers.example", *NOW),
        ("plan", *NOW),
        ("plan", "--for", "ana@readers.example", *NOW),
        ("status", *NOW),
    ):
        assert controls_in(shop.type(*words).done()) == set(), words


def test_names_of_files_campaigns_and_options_are_shown_without_them(shop: Shop) -> None:
    evil = EVIL.replace("/", "")
    (shop.folder / f"{evil}.csv").write_text("email\nnobody\n")
    file = shop.folder / "campaigns" / "test-month" / "campaign.yaml"
    yaml = re.sub(r"(?m)^name:.*$", r'name: "Spring \\e[2J\\x9b31m"', file.read_text())
    file.write_text(yaml)
    for words in (
        ("subscribers", "import", f"{evil}.csv"),
        ("subscribers", "import", f"{evil}-missing.csv"),
        ("subscribers", "show", evil),
        ("subscribers", "unsubscribe", "ana@readers.example", "--list", evil),
        (evil,),
        ("check",),
        ("plan", *NOW),
        ("send", "--dry-run", "--now", "2027-02-01T12:00Z"),
    ):
        assert controls_in(shop.type(*words)) == set(), words
