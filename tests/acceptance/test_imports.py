"""imports and imports undo, as an operator types them."""

from __future__ import annotations

from tests.acceptance.program import Shop

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
