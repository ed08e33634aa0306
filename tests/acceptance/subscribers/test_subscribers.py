"""subscribers and buyers, as an operator types them."""

from __future__ import annotations

import csv
import io
import shlex

import pytest

from tests.acceptance.program import Shop

NOW = ("--now", "2027-01-25T12:00Z")


def write(shop: Shop, name: str, text: str) -> str:
    (shop.folder / name).write_text(text, encoding="utf-8")
    return name


def test_an_import_is_a_dry_run_until_it_is_meant(shop: Shop) -> None:
    rows = "Email Address;First Name;City\ndora@readers.example;Dora;Porto\n"
    file = write(shop, "more.csv", rows)

    dry = shop.type("subscribers", "import", file, *NOW).done()
    assert "First Name → first_name" in dry.out
    assert "City → fields.city" in dry.out
    assert "this was a dry run" in dry.out
    assert "--apply" in dry.err
    assert shop.type("subscribers", "show", "dora@readers.example").code == 2
    applied = shop.data("subscribers", "import", file, "--tag", "fair", "--apply", *NOW)
    assert applied == {
        "read": 1,
        "new": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "protected": 0,
        "suppressed": 0,
        "applied": True,
        "left_elsewhere": 0,
        "import": 2,
    }
    shown = shop.data("subscribers", "show", "dora@readers.example")
    assert shown["subscriber"]["fields"] == {"city": "Porto"}
    assert shown["subscriber"]["tags"] == ["fair"]
    assert shown["subscriber"]["lists"][0]["list"] == "readers"


def test_rejected_rows_are_problems_with_their_line(shop: Shop) -> None:
    file = write(shop, "bad.csv", "email\nnobody\neva@readers.example\n")
    said = shop.type("subscribers", "import", file, "--json")

    assert said.code == 1
    assert said.data["read"] == 2
    assert (said.data["new"], said.data["rejected"]) == (1, 1)
    (problem,) = said.json["errors"]
    assert (problem["file"], problem["line"]) == ("bad.csv", 2)


def test_the_next_command_does_what_the_dry_run_showed(shop: Shop) -> None:
    file = write(shop, "two words.csv", "email\ndora@readers.example\n")
    words = ("subscribers", "import", file, "--tag", "fair", *NOW)
    following = shop.type(*words).done().err.partition("Next: lovecampaign ")[2]

    shop.type(*shlex.split(following), *NOW).done()
    shown = shop.data("subscribers", "show", "dora@readers.example")["subscriber"]
    assert shown["tags"] == ["fair"]
    assert "--apply" not in shop.type(*words).done().err


@pytest.mark.parametrize("rows", ["email\n", "email\nnobody\n"])
def test_a_dry_run_that_would_change_nothing_suggests_no_apply(shop: Shop, rows: str) -> None:
    said = shop.type("subscribers", "import", write(shop, "few.csv", rows), *NOW)

    assert "Next: " in said.err
    assert "--apply" not in said.err


def test_a_consent_of_the_future_is_told_with_its_line_and_left_out(shop: Shop) -> None:
    file = write(shop, "more.csv", "email,consent_at\ndora@readers.example,2031-01-02\n")
    said = shop.type("subscribers", "import", file, "--apply", "--json", *NOW).done()

    lines = {warning["line"]: warning["message"] for warning in said.json["warnings"]}
    assert "2031-01-02" in lines[2]
    assert lines[1] == "rows without a consent_at: 1"
    assert shop.data("subscribers", "show", "dora@readers.example")["subscriber"]["consents"] == []
    late = ("subscribers", "add", "eva@readers.example", "--consent-at", "2031-01-02T00:00Z")
    assert shop.type(*late, *NOW).code == 2


def test_a_column_that_may_say_no_stops_an_import_until_it_is_explained(shop: Shop) -> None:
    rows = "Email;Abgemeldet\ndora@readers.example;ja\neva@readers.example;nein\n"
    file = write(shop, "sheet.csv", rows)

    dry = shop.type("subscribers", "import", file, "--json", *NOW).done()
    assert "import-consent" in dry.codes
    said = shop.type("subscribers", "import", file, "--apply", "--json", *NOW)
    assert said.code == 4
    assert said.data["applied"] is False
    (question,) = said.json["errors"]
    assert '"ja": 1' in question["message"]
    assert '--gone "Abgemeldet=ja"' in question["hint"]
    assert shop.type("subscribers", "show", "eva@readers.example").code == 2

    following = shop.type("subscribers", "import", file, *NOW).err.partition("Next: lovecampaign ")[
        2
    ]
    assert "--apply" not in following
    applied = shop.data(*shlex.split(following), "--apply", *NOW)
    assert (applied["new"], applied["suppressed"]) == (1, 1)


def test_a_file_of_people_who_left_suppresses_them(shop: Shop) -> None:
    file = write(shop, "abgemeldet.csv", "email\nana@readers.example\n")

    said = shop.type("subscribers", "import", file, "--apply", *NOW)
    assert said.code == 4
    assert "--as unsubscribed" in said.err
    applied = shop.data("subscribers", "import", file, "--as", "unsubscribed", "--apply", *NOW)
    assert applied["suppressed"] == 1


def test_a_full_column_of_addresses_is_offered(shop: Shop) -> None:
    file = write(shop, "odd.csv", "Kontakt,Name\ndora@readers.example,Dora\n")

    said = shop.type("subscribers", "import", file, *NOW)
    assert said.code == 1
    assert "--email Kontakt" in said.err
    again = ("subscribers", "import", file, "--email", "Kontakt", "--apply", *NOW)
    assert shop.data(*again)["new"] == 1


def test_an_answer_about_no_column_is_wrong_usage(shop: Shop) -> None:
    file = write(shop, "few.csv", "email,city\ndora@readers.example,Porto\n")

    said = shop.type("subscribers", "import", file, "--gone", "Town=Porto", *NOW)
    assert said.code == 2
    assert "email, city" in said.err


def test_the_tool_and_what_its_export_cannot_say_are_told(shop: Shop) -> None:
    rows = "uuid,email,name,attributes,status,created_at\n1,dora@readers.example,Dora,{},enabled,\n"
    said = shop.type("subscribers", "import", write(shop, "subscribers.csv", rows), *NOW).done()

    assert "This is an export of listmonk." in said.out
    assert "does not say who has left a list" in said.err
    plain = write(shop, "plain.csv", "email\ndora@readers.example\n")
    said = shop.type("subscribers", "import", plain, *NOW).done()
    assert "Recognised: nothing in particular." in said.out


def test_three_hundred_alike_problems_are_one(shop: Shop) -> None:
    rows = "".join(f"nobody {number}\n" for number in range(300))
    said = shop.type("subscribers", "import", write(shop, "bad.csv", f"email\n{rows}"), "--json")

    (problem,) = said.json["errors"]
    assert "300 rows like this" in problem["message"]


def test_a_file_that_is_not_there_is_wrong_usage(shop: Shop) -> None:
    said = shop.type("subscribers", "import", "nowhere.csv")

    assert said.code == 2
    assert "nowhere.csv" in said.err


def test_who_left_is_never_revived(shop: Shop) -> None:
    shop.type("subscribers", "unsubscribe", "ana@readers.example", *NOW).done()

    again = shop.data("subscribers", "import", "people.csv", "--apply", *NOW)
    assert (again["unchanged"], again["protected"]) == (3, 1)
    added = shop.type("subscribers", "add", "ana@readers.example", "--json", *NOW)
    assert added.code == 1
    assert added.data["verdict"] == "protected"
    plan = shop.data("plan", "--for", "ana@readers.example", *NOW)
    assert plan["timeline"][0]["reason"] == "suppressed"
    history = shop.data("explain", "ana@readers.example", *NOW)["history"]
    assert history[-1]["what"] == "suppressed"


def test_one_person_is_added_by_hand(shop: Shop) -> None:
    words = ("--first-name", "Zoë", "--timezone", "Asia/Tokyo", "--field", "city=Kyoto")
    consent = ("--consent-at", "2027-01-02T10:00Z", "--consent-source", "the fair")
    shop.type("subscribers", "add", "Zoe@Readers.example", *words, *consent, *NOW).done()

    shown = shop.data("subscribers", "show", "zoe@readers.example")["subscriber"]
    assert (shown["first_name"], shown["timezone"]) == ("Zoë", "Asia/Tokyo")
    assert shown["consents"][0]["source"] == "the fair"
    text = shop.type("subscribers", "show", "zoe@readers.example").done().out
    assert "fields.city: Kyoto" in text
    assert shop.type("subscribers", "add", "a@b.example", "--timezone", "Paris").code == 2
    assert shop.type("subscribers", "add", "a@b.example", "--field", "city").code == 2
    assert shop.type("subscribers", "add", "nobody").code == 2


def test_an_export_comes_back_unchanged(shop: Shop) -> None:
    printed = shop.type("subscribers", "export").done().out
    written = shop.data("subscribers", "export", "all.csv")

    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [row["email"] for row in rows][:2] == ["ana@readers.example", "ben@readers.example"]
    assert written["people"] == len(rows) == 4
    file = shop.folder / "all.csv"
    assert list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))) == rows
    assert file.stat().st_mode & 0o077 == 0
    back = shop.data("subscribers", "import", "all.csv", "--apply", *NOW)
    assert back["unchanged"] == 4


def test_a_suppressed_address_gets_nothing_more(shop: Shop) -> None:
    assert shop.data("subscribers", "suppress", "ben@readers.example")["changed"] is True
    assert shop.data("subscribers", "suppress", "ben@readers.example")["changed"] is False
    shown = shop.data("subscribers", "show", "ben@readers.example")
    assert shown["suppressions"][0]["reason"] == "manual"


def test_leaving_one_list_keeps_the_others(shop: Shop) -> None:
    shop.type("subscribers", "unsubscribe", "ben@readers.example", "--list", "insiders").done()

    plan = shop.data("plan", "--for", "ben@readers.example", *NOW)
    assert plan["timeline"][0]["state"] == "planned"


def test_the_forgotten_cannot_be_brought_back(shop: Shop) -> None:
    assert shop.data("subscribers", "forget", "ana@readers.example", *NOW)["forgotten"] is True
    assert shop.data("subscribers", "forget", "ana@readers.example", *NOW)["forgotten"] is False

    again = shop.data("subscribers", "import", "people.csv", "--apply", *NOW)
    assert again["protected"] == 1
    assert "ana@readers.example" not in shop.type("subscribers", "export").done().out


def test_forgetting_somebody_unknown_bars_the_address_and_says_so(shop: Shop) -> None:
    forget = ("subscribers", "forget", "dora@readers.example", *NOW)

    told = shop.type(*forget).done().out
    assert "dora@readers.example is not known here." in told
    assert "no import adds that address again" in told
    assert "was forgotten already" in shop.type(*forget).done().out
    file = write(shop, "more.csv", "email\ndora@readers.example\n")
    assert shop.data("subscribers", "import", file, "--apply", *NOW)["protected"] == 1


def test_who_gets_nothing_at_all_is_shown_apart_from_who_left_a_list(shop: Shop) -> None:
    shop.type("subscribers", "suppress", "ben@readers.example", *NOW).done()
    shop.type("subscribers", "unsubscribe", "ben@readers.example", "--list", "readers").done()

    shown = shop.type("subscribers", "show", "ben@readers.example").done().out
    assert "gets no mail: manual" in shown
    assert "gets no mail of readers: unsubscribed" in shown


def test_a_buyer_whom_nobody_knows_is_noted_with_a_hint(shop: Shop) -> None:
    said = shop.type("buyers", "add", "dora@gmial.com", "--json", *NOW).done()

    assert said.data["new"] is True
    (warning,) = said.json["warnings"]
    assert "is not a subscriber here" in warning["message"]
    assert warning["hint"] == "did you mean dora@gmail.com?"
    assert shop.type("buyers", "add", "ana@readers.example", "--json", *NOW).codes == []


def test_two_lists_in_the_workspace_must_be_told_apart(shop: Shop) -> None:
    from lovecampaign.testing.campaigns import write_campaign

    write_campaign(shop.folder, name="other", days=1, settings={"audience": {"list": "others"}})
    said = shop.type("subscribers", "import", "people.csv")

    assert said.code == 2
    assert "others, readers" in said.err


@pytest.mark.parametrize("words", ["import people.csv --apply", "add eva@readers.example"])
def test_a_list_that_no_campaign_uses_is_doubted_and_taken(shop: Shop, words: str) -> None:
    said = shop.type("subscribers", *words.split(), "--list", "raeders", "--json", *NOW).done()

    warning = next(each for each in said.json["warnings"] if each["code"] == "unused-list")
    assert "raeders" in warning["message"]
    assert warning["hint"] == "did you mean readers? lists that campaigns use: insiders, readers"
    who = "eva@readers.example" if "eva" in words else "ana@readers.example"
    lists = shop.data("subscribers", "show", who)["subscriber"]["lists"]
    assert "raeders" in [each["list"] for each in lists]
    for used in ("readers", "insiders"):
        again = shop.type("subscribers", *words.split(), "--list", used, "--json", *NOW).done()
        assert "unused-list" not in again.codes


def test_no_list_is_doubted_while_a_campaign_cannot_be_read(shop: Shop) -> None:
    (shop.folder / "campaigns/test-month/campaign.yaml").write_text("version: [")
    said = shop.type("subscribers", "import", "people.csv", "--list", "other", "--json").done()

    assert "unused-list" not in said.codes


def test_to_leave_a_list_that_no_campaign_uses_is_doubted(shop: Shop) -> None:
    """A typo in the list must not look like a success."""
    words = ("subscribers", "unsubscribe", "ben@readers.example", "--json")
    said = shop.type(*words, "--list", "raeders").done()

    assert said.codes == ["unused-list"]
    assert shop.type(*words, "--list", "readers").done().codes == []
    assert shop.type(*words).done().codes == []


def test_who_was_left_alone_is_shown_next_and_who_was_forgotten_is_explained_no_more(
    shop: Shop,
) -> None:
    shop.type("subscribers", "forget", "ben@readers.example").done()
    said = shop.type("subscribers", "add", "ben@readers.example")

    assert said.code == 1
    assert "was forgotten before" in said.out
    assert "Next: lovecampaign subscribers show ben@readers.example" in said.err
    assert "explain" not in shop.type("subscribers", "show", "ben@readers.example").done().err


def test_buyers_are_noted_once(shop: Shop) -> None:
    assert shop.data("buyers", "add", "ana@readers.example", *NOW)["new"] is True
    assert shop.data("buyers", "add", "ana@readers.example", *NOW)["new"] is False
    file = write(shop, "buyers.csv", "email\nana@readers.example\nben@readers.example\nnobody\n")
    said = shop.type("buyers", "import", file, "--json", *NOW)
    assert said.code == 1
    assert said.data == {"read": 3, "new": 1, "known": 1, "rejected": 1}
    assert said.json["errors"][0]["line"] == 4
    plan = {email["key"]: email["recipients"] for email in shop.data("plan", *NOW)["emails"]}
    assert plan["thanks"] == 2


def test_a_mistyped_subcommand_is_answered_with_the_one_that_was_meant(shop: Shop) -> None:
    said = shop.type("subscribers", "imprt", "people.csv")

    assert said.code == 2
    assert 'Did you mean "import"?' in said.err


def test_suppressions_are_lifted_after_a_dry_run_and_never_an_unsubscribe(shop: Shop) -> None:
    shop.type("subscribers", "suppress", "ana@readers.example", "--why", "typo", *NOW).done()
    shop.type("subscribers", "unsubscribe", "ben@readers.example", *NOW).done()
    listed = shop.data("suppressions", "--reason", "manual")["suppressions"]
    assert [(one["email"], one["words"]) for one in listed] == [("ana@readers.example", "typo")]

    words = ("suppressions", "lift", "ana@readers.example", "ben@readers.example")
    dry = shop.type(*words).done()
    assert "1 address would be lifted; this was a dry run" in dry.out
    assert "1 address still suppressed: unsubscribed" in dry.out
    assert len(shop.data("suppressions")["suppressions"]) == 2
    following = shlex.split(dry.err.partition("Next: lovecampaign ")[2])
    lifted = shop.data(*following)
    assert lifted == {"lifted": 1, "kept": 1, "applied": True}
    (left,) = shop.data("suppressions")["suppressions"]
    assert (left["email"], left["reason"]) == ("ben@readers.example", "unsubscribed")


def test_a_lift_of_everything_at_once_is_refused(shop: Shop) -> None:
    said = shop.type("suppressions", "lift", "--reason", "hard_bounce", "--apply")
    assert said.code == 2
    assert "a reason with a time or words" in said.err
