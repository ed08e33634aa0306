"""today names people, note writes to one, and report giving knows who was thanked."""

from __future__ import annotations

from tests.acceptance.program import Shop, text_of
from tests.acceptance.subscribers.test_stories import NOW, answer

BEFORE = ("--now", "2027-02-01T20:00Z")
THE_NEXT_DAY = ("--now", "2027-02-02T20:00Z")


def test_a_giver_is_named_thanked_and_then_known_as_thanked(shop: Shop) -> None:
    shop.type("send", "--yes", *BEFORE).done()
    answer(shop)
    [person] = [one for one in shop.data("today", *NOW)["people"] if one["why"] == "answered"]
    giver = person["email"]
    assert "has answered you" in shop.type("today", *NOW).done().out
    [unthanked] = shop.data("report", "giving", *NOW)["not_thanked"]
    assert (unthanked["email"], unthanked["day"]) == (giver, "day-01")

    noted = shop.type("note", giver, "--day", "2", "Your fig,", "from 1987!", *NOW).done().out

    assert "P.S. Your fig, from 1987! — Ana from Bloom" in noted
    assert shop.data("report", "giving", *NOW)["not_thanked"] == []
    shop.type("send", "--yes", *THE_NEXT_DAY).done()
    told = {str(each["To"]): "Your fig" in text_of(each) for each in shop.letters}
    assert [to for to, is_told in told.items() if is_told] == [to for to in told if giver in to]


def test_a_note_that_cannot_reach_its_person_is_refused(shop: Shop) -> None:
    shop.type("send", "--yes", *BEFORE).done()

    for words, says in (
        (("ana@readers.example", "--day", "1", "Hi."), "went out already"),
        (("x'y@readers.example", "--day", "2", "Hi."), "is no subscriber"),
        (("ana@readers.example", "--day", "2"), "has no words"),
        (("ana@readers.example", "--day", "2", "x" * 501), "501 characters"),
        (("ana@readers.example", "--day", "2", "--delete"), "has no note"),
        (("ana@readers.example", "--day", "40", "Hi."), "no email 40"),
    ):
        refused = shop.type("note", *words, *NOW)
        assert (refused.code, says in refused.err) == (2, True), refused.err
    hint = shop.type("note", "x'y@readers.example", "--day", "2", "Hi.", *NOW).err
    assert "subscribers show 'x'\"'\"'y@readers.example'" in hint  # safe to paste into a shell
