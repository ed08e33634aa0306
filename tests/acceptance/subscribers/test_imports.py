"""imports and their undo, and suppress and unsubscribe with many addresses."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.acceptance.program import CLEAN_ENVIRONMENT, Shop

PEOPLE = "email,first_name\ndora@readers.example,Dora\nana@readers.example,A\n"
NOW = ("--now", "2027-01-25T12:00Z")


def run_import(shop: Shop, text: str) -> int:
    (shop.folder / "more.csv").write_text(text, encoding="utf-8")
    words = ("subscribers", "import", "more.csv", "--apply", *NOW)
    number: int = shop.data(*words)["import"]
    return number


def test_an_import_is_listed_and_taken_back(shop: Shop) -> None:
    number = run_import(shop, PEOPLE)
    newest, first = shop.data("imports")["imports"]
    assert (newest["id"], newest["file"], newest["list"]) == (number, "more.csv", "readers")
    assert (newest["new"], newest["updated"], newest["mailed"]) == (1, 1, 0)
    assert newest["at"] == "2027-01-25T12:00:00Z"
    assert (newest["undone"], first["file"]) == (False, "people.csv")
    listed = shop.type("imports").done()
    assert "more.csv" in listed.out
    assert f"Next: lovecampaign imports undo {number}" in listed.err

    undone = shop.data("imports", "undo", str(number), *NOW)
    assert undone == {"id": number, "removed": 1, "restored": 1, "kept": 0}
    assert shop.type("subscribers", "show", "dora@readers.example").code == 2
    ana = shop.data("subscribers", "show", "ana@readers.example")["subscriber"]
    assert ana["first_name"] == "Ana"
    assert shop.data("imports")["imports"][0]["undone"] is True


def test_a_mailed_import_is_refused_with_the_reason(shop: Shop) -> None:
    shop.type("send", "--yes", "--now", "2027-02-01T20:00Z").done()
    first = shop.data("imports")["imports"][-1]
    said = shop.type("imports", "undo", str(first["id"]), "--now", "2027-02-01T21:00Z", "--json")

    assert first["mailed"] > 0
    assert said.code == 1
    assert f"{first['mailed']} people of it were mailed" in said.json["errors"][0]["message"]


def test_an_unknown_import_is_wrong_usage(shop: Shop) -> None:
    said = shop.type("imports", "undo", "99")
    assert said.code == 2
    assert "there is no import 99" in said.err
    assert shop.type("imports", "undo", "first").code == 2


THREE = ("ana@readers.example", "Ben@readers.example", "stranger@other.example")


def pipe(shop: Shop, text: bytes, *words: str) -> tuple[int, dict[str, Any]]:
    finished = subprocess.run(
        [sys.executable, "-m", "lovecampaign", "subscribers", *words, "--json"],
        cwd=shop.folder,
        env=CLEAN_ENVIRONMENT,
        input=text,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return finished.returncode, json.loads(finished.stdout)


def reasons(shop: Shop, address: str) -> list[tuple[str, str | None]]:
    shown = shop.data("subscribers", "show", address)["suppressions"]
    return [(one["reason"], one["list"]) for one in shown]


@pytest.mark.parametrize(
    ("verb", "reason"), [("suppress", "manual"), ("unsubscribe", "unsubscribed")]
)
def test_many_typed_addresses_get_nothing_more(shop: Shop, verb: str, reason: str) -> None:
    first = shop.data("subscribers", verb, *THREE)
    again = shop.data("subscribers", verb, *THREE, "new@other.example")

    assert first == {"read": 3, "changed": 3, "unchanged": 0, "rejected": 0}
    assert again == {"read": 4, "changed": 1, "unchanged": 3, "rejected": 0}
    assert [reasons(shop, address) for address in THREE] == [[(reason, None)]] * 3


def test_lines_of_standard_input_are_taken_whatever_writes_them(shop: Shop) -> None:
    lines = b'\xef\xbb\xbfana@readers.example\r\n\r\n "ben@readers.example",\r\n'
    lines += b"nobody\n\xff\xfe@x\nana@readers.example\n"
    code, envelope = pipe(shop, lines, "unsubscribe", "-", "--list", "readers")

    assert code == 1
    assert envelope["data"] == {"read": 4, "changed": 2, "unchanged": 0, "rejected": 2}
    problems = [(one["file"], one["line"]) for one in envelope["errors"]]
    assert problems == [("standard input", 4), ("standard input", 5)]
    assert reasons(shop, "ben@readers.example") == [("unsubscribed", "readers")]


def test_nothing_to_read_is_wrong_usage(shop: Shop) -> None:
    code, envelope = pipe(shop, b"\n", "suppress", "-")

    assert code == 2
    assert "no address on standard input" in envelope["errors"][0]["message"]
    assert shop.type("subscribers", "suppress").code == 2


def test_one_address_is_reported_as_before(shop: Shop) -> None:
    assert shop.data("subscribers", "unsubscribe", "ana@readers.example") == {
        "email": "ana@readers.example",
        "changed": True,
    }
    assert shop.type("subscribers", "suppress", "nobody").code == 2
