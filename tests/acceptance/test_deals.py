"""Stock, codes and more time of the insiders' deal, as an operator types them."""

from __future__ import annotations

import csv
import io

import pytest

from tests.acceptance.program import Shop, text_of

LIST = ("--list", "insiders")
BEFORE = ("--now", "2027-01-25T12:00Z")
OPEN = ("--now", "2027-02-27T10:00Z")
LAST_CALL = ("--now", "2027-03-03T10:00Z")
DEAL = {
    "key": "insider",
    "quantity": 500,
    "opens": "2027-02-27T09:00:00Z",
    "closes": "2027-03-03T22:59:00Z",
}


@pytest.fixture
def launched(shop: Shop) -> Shop:
    """Ana and Ben are insiders and have the letter with their code."""
    for name in ("ana", "ben"):
        added = shop.type("subscribers", "add", f"{name}@readers.example", *LIST, *BEFORE)
        added.done()
    shop.type("send", "--day", "early-access", *OPEN).done()
    return shop


def given(shop: Shop) -> dict[str, str]:
    """Codes by address."""
    return {one["email"]: one["code"] for one in shop.data("deals", "codes", *OPEN)["codes"]}


def test_the_stock_is_told_in_a_table_and_in_json(launched: Shop) -> None:
    [deal] = launched.data("deals", *OPEN)["deals"]
    assert deal | DEAL == deal
    assert (deal["reserved"], deal["redeemed"], deal["left"]) == (0, 0, 500)

    said = launched.type("deals", "test-month", *OPEN).done()
    assert "insider" in said.out
    assert "Sat 27 Feb 2027 10:00" in said.out
    assert "Next: lovecampaign deals codes" in said.err


def test_a_campaign_that_nothing_was_sent_of_has_its_whole_stock(shop: Shop) -> None:
    [deal] = shop.data("deals", *BEFORE)["deals"]

    assert deal["left"] == 500


def test_codes_are_printed_as_csv_with_their_owners(launched: Shop) -> None:
    out = launched.type("deals", "codes", *OPEN).done().out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert [row["email"] for row in rows] == ["ana@readers.example", "ben@readers.example"]
    assert len({row["code"] for row in rows}) == 2
    assert {row["redeemed_at"] for row in rows} == {""}


def test_a_code_is_redeemed_once_and_makes_its_owner_a_buyer(launched: Shop) -> None:
    code = given(launched)["ana@readers.example"]
    first = launched.data("deals", "redeem", code.lower(), *OPEN)
    again = launched.data("deals", "redeem", code, *LAST_CALL)

    assert (first["new"], again["new"]) == (True, False)
    assert first["redeemed_at"] == again["redeemed_at"] == "2027-02-27T10:00:00Z"
    [deal] = launched.data("deals", *OPEN)["deals"]
    assert (deal["redeemed"], deal["left"]) == (1, 499)
    launched.type("send", "--day", "last-call", *LAST_CALL).done()
    assert launched.addressees.count("ana@readers.example") == 1
    assert launched.addressees.count("ben@readers.example") == 2
    history = launched.data("explain", "ana@readers.example", *LAST_CALL)["history"]
    assert [each["detail"] for each in history if each["what"] == "bought"] == ["insider, operator"]


def test_buyers_by_code_take_a_unit_too(launched: Shop) -> None:
    codes = given(launched)
    rows = f"code\n{codes['ana@readers.example']}\n{codes['ben@readers.example']}\nnone\n"
    (launched.folder / "sold.csv").write_text(rows)
    said = launched.type("buyers", "import", "sold.csv", "--json", *OPEN)

    assert said.data == {"read": 3, "new": 2, "known": 0, "rejected": 1}
    assert launched.data("deals", *OPEN)["deals"][0]["redeemed"] == 2


def test_a_code_that_nobody_has_is_said_in_words(launched: Shop) -> None:
    said = launched.type("deals", "redeem", "AAAAA-BBBBB-CCCCC", *OPEN)

    assert said.code == 2
    assert "'AAAAA-BBBBB-CCCCC' is not a code that was given to a subscriber" in said.err
    assert "lovecampaign deals codes" in said.err


def test_one_person_gets_more_time_and_reads_it_in_their_letter(launched: Shop) -> None:
    words = ("deals", "extend", "ana@readers.example", "--until", "day 35 18:00", "--why", "ill")
    assert launched.data(*words, *OPEN)["until"] == "2027-03-07T17:00:00Z"
    late = ("--now", "2027-03-04T08:00Z")
    launched.type("send", "--day", "last-call", *late).done()
    [letter] = [each for each in launched.letters if "last-call" in each["Subject"]]

    assert letter["To"].addresses[0].addr_spec == "ana@readers.example"
    assert "Sunday 7 March 2027, 18:00" in text_of(letter)
    told = launched.data("explain", "ana@readers.example", *late)["history"]
    [given] = [each["detail"] for each in told if each["what"] == "given more time"]
    assert given == "insider, until 2027-03-07T17:00:00Z: ill"


@pytest.mark.parametrize(
    ("who", "until", "says"),
    [
        ("ana@readers.example", "day 30 10:00", "that is no extension"),
        ("ana@readers.example", "2027-02-27T09:00Z", "that time is past"),
        ("ana@readers.example", "Friday", "--until: 'Friday' is not a point in time"),
        ("nobody@readers.example", "day 35 18:00", "is not a subscriber here"),
        ("no address", "day 35 18:00", "is not an email address"),
    ],
)
def test_more_time_that_makes_no_sense_is_refused_in_words(
    launched: Shop, who: str, until: str, says: str
) -> None:
    said = launched.type("deals", "extend", who, "--until", until, "--why", "ill", *OPEN)

    assert said.code == 2
    assert says in said.err


def test_who_is_no_insider_gets_no_more_time(shop: Shop) -> None:
    shop.type("subscribers", "add", "zoe@readers.example", "--list", "readers", *BEFORE).done()
    said = shop.type(
        "deals", "extend", "zoe@readers.example", "--until", "day 35 18:00", "--why", "ill", *OPEN
    )

    assert said.code == 2
    assert "is not an insider" in said.err
