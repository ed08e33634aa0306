"""check, plan and schema, as an author types them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from icalendar import Calendar

from tests.acceptance.program import Shop

SETTINGS = "campaigns/test-month/campaign.yaml"
NOW = ("--now", "2027-01-21T12:00Z")


def break_settings(shop: Shop) -> None:
    """An unknown key in line 1 and a start that is none."""
    file = shop.folder / SETTINGS
    text = file.read_text().replace("start:", "strat:")
    file.write_text(f"nmae: x\n{text}")


def test_check_tells_every_mistake_with_its_place(shop: Shop) -> None:
    break_settings(shop)

    said = shop.type("check")
    assert said.code == 1
    assert f"{SETTINGS}:1:1" in said.out
    assert "strat" in said.out
    found = shop.type("check", "--json")
    assert found.json["ok"] is False
    assert {problem["file"] for problem in found.json["errors"]} == {SETTINGS}
    assert all(problem["line"] for problem in found.json["errors"])
    assert found.data["files"] > 5


@pytest.mark.parametrize(
    "settings",
    [
        {"LOVECAMPAIGN_PROVIDER": "sendgrid:"},
        {"LOVECAMPAIGN_PROVIDER": "sendgird:"},
        {"LOVECAMPAIGN_PUBLIC_URL": "https://[x"},
    ],
)
def test_check_tells_the_mistakes_whatever_else_is_set(
    shop: Shop, settings: dict[str, str]
) -> None:
    day = shop.folder / "campaigns/test-month/days/01-day-1.md"
    day.write_text(day.read_text().replace("Hi {{ first_name", "Hi {{ fist_name"))
    said = shop.type("check", **settings)

    assert said.code == 1
    assert "fist_name" in said.out
    assert "Nothing can be sent yet" in said.err


def test_check_formats_agree(shop: Shop) -> None:
    break_settings(shop)

    errors = shop.type("check", "--format", "json").json["errors"]
    notes = shop.type("check", "--format", "github").out.splitlines()
    marked = [note for note in notes if note.startswith("::error file=")]
    assert len(marked) == len(errors)
    first = errors[0]
    assert f"file={SETTINGS},line={first['line']},col={first['column']}" in marked[0]
    assert f"title={first['code']}::" in marked[0]


def test_strict_counts_warnings(shop: Shop) -> None:
    day = shop.folder / "campaigns/test-month/days/01-day-1.md"
    day.write_text(day.read_text().replace("This is the gift", "This is the ==gift=="))
    relaxed = shop.type("check", "--json")
    strict = shop.type("check", "--strict", "--json")

    has_warnings = bool(relaxed.json["warnings"])
    assert relaxed.json["errors"] == []
    assert relaxed.code == 0
    assert strict.code == (1 if has_warnings else 0)


def test_a_second_check_says_the_same_from_its_cache(shop: Shop) -> None:
    cache = shop.folder / ".lovecampaign" / "cache"
    letter = next(shop.folder.glob("campaigns/*/days/02*.md"))
    letter.write_text(f"{letter.read_text()}\nIt costs 99 EUR, {{{{ frist_name }}}}.\n")
    slow = next(shop.folder.glob("campaigns/*/days/03*.md"))
    slow.write_text(f"{slow.read_text()}\n{{% if first_name is sameas 'A' %}}Hi{{% endif %}}\n")

    shutil.rmtree(cache, ignore_errors=True)  # the import before has loaded the campaign
    anew = shop.type("check", "--no-cache")
    assert not cache.exists()
    first, second = shop.type("check"), shop.type("check")
    assert cache.exists()
    assert "{{ frist_name }}" in anew.out
    assert "LC236" in anew.out
    assert (anew.out, anew.err, anew.code) == (first.out, first.err, first.code)
    assert (anew.out, anew.err, anew.code) == (second.out, second.err, second.code)


def test_check_explains_a_code(shop: Shop) -> None:
    assert "same key" in shop.type("check", "--explain", "LC006").done().out
    assert shop.data("check", "--explain", "lc006")["code"] == "LC006"
    unknown = shop.type("check", "--explain", "LC0066")
    assert unknown.code == 2
    assert "did you mean LC" in unknown.err


def test_a_broken_campaign_stops_every_other_verb_in_words(shop: Shop) -> None:
    break_settings(shop)

    for verb in ("plan", "status", "send"):
        said = shop.type(verb, "--yes") if verb == "send" else shop.type(verb)
        assert said.code == 1
        assert f"{SETTINGS}:1:1" in said.err
        assert "lovecampaign check test-month" in said.err


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00\xff\xfe", b"- a\n- b\n", b"a: [", b"\xef\xbb\xbf\t: :", b"%YAML 9"]
)
def test_no_garbage_makes_a_traceback(shop: Shop, garbage: bytes) -> None:
    (shop.folder / SETTINGS).write_bytes(garbage)

    said = shop.type("check", "--json")
    assert said.code == 1
    assert said.json["errors"]


def test_plan_says_who_gets_what_and_when(shop: Shop) -> None:
    plan = shop.data("plan", *NOW)

    first = plan["emails"][0]
    assert plan["campaign"] == "test-month"
    assert first == {
        "key": "day-01",
        "date": "2027-02-01",
        "weekday": "Monday",
        "first_due": "2027-02-01T08:00:00Z",
        "last_due": "2027-02-01T14:00:00Z",
        "recipients": 3,
        "skipped": {"tag": 1},
    }
    assert [email["key"] for email in plan["emails"]] == [
        "day-01",
        "day-02",
        "day-03",
        "early-access",
        "launch",
        "last-call",
        "thanks",
    ]
    text = shop.type("plan", *NOW).done()
    assert "Mon  1 Feb 2027 09:00" in text.out
    assert "Next: lovecampaign send test-month --dry-run" in text.err


def test_plan_for_one_person_is_on_their_own_clock(shop: Shop) -> None:
    plan = shop.data("plan", "--for", "Chloe@Readers.example", *NOW)

    assert plan["email"] == "chloe@readers.example"
    assert plan["timeline"][0] == {
        "key": "day-01",
        "due": "2027-02-01T14:00:00Z",
        "local": "2027-02-01T09:00-05:00",
        "state": "planned",
        "reason": None,
    }
    staff = shop.data("plan", "--for", "staff@bloom.example", *NOW)
    assert {entry["reason"] for entry in staff["timeline"][:3]} == {"tag"}
    stranger = shop.type("plan", "--for", "nobody@readers.example")
    assert stranger.code == 2
    assert "not a subscriber" in stranger.err


def test_plan_writes_a_calendar(shop: Shop) -> None:
    shop.type("plan", "--ics", "month.ics", *NOW).done()

    events = Calendar.from_ical((shop.folder / "month.ics").read_bytes()).walk("VEVENT")
    assert [str(event["uid"]).split(".")[0] for event in events][:2] == ["day-01", "day-02"]


def test_the_calendar_of_one_person_holds_what_is_theirs_on_their_clock(shop: Shop) -> None:
    words = ("plan", "--for", "chloe@readers.example", "--ics", "hers.ics", *NOW)
    said = shop.type(*words).done()

    events = Calendar.from_ical((shop.folder / "hers.ics").read_bytes()).walk("VEVENT")
    begins = {str(event["uid"]).split(".")[0]: event.decoded("dtstart") for event in events}
    assert f"{len(begins)} events written to hers.ics" in said.out
    assert str(begins["day-01"]) == "2027-02-01 14:00:00+00:00"
    assert "early-access" not in begins


def test_the_calendar_leaves_out_what_was_called_off(shop: Shop) -> None:
    shop.type("cancel", "day-02", *NOW).done()
    said = shop.type("plan", "--ics", "month.ics", *NOW).done()

    events = Calendar.from_ical((shop.folder / "month.ics").read_bytes()).walk("VEVENT")
    keys = [str(event["uid"]).split(".")[0] for event in events]
    assert keys[:2] == ["day-01", "day-03"]
    assert f"{len(keys)} events written to month.ics" in said.out


@pytest.mark.parametrize("words", ["plan --ics", "subscribers export", "db backup"])
def test_no_file_is_overwritten_and_another_name_is_offered(shop: Shop, words: str) -> None:
    for name in ("mine.csv", "mine-2.csv"):
        (shop.folder / name).write_text("precious")
    said = shop.type(*words.split(), "mine.csv", *NOW)

    assert said.code == 2
    assert "mine.csv exists already" in said.err
    assert "mine-3.csv" in said.err
    assert (shop.folder / "mine.csv").read_text() == "precious"


@pytest.mark.parametrize("words", ["plan --ics", "db backup"])
def test_a_dash_is_no_file(shop: Shop, words: str) -> None:
    said = shop.type(*words.split(), "-", *NOW)

    assert said.code == 2
    assert "- is not a file name here" in said.err
    assert not (shop.folder / "-").exists()


def test_an_export_to_a_dash_goes_to_the_screen(shop: Shop) -> None:
    printed = shop.type("subscribers", "export").done().out

    assert shop.type("subscribers", "export", "-").done().out == printed


def test_an_export_on_the_screen_suggests_a_file_that_is_not_there(shop: Shop) -> None:
    said = shop.type("subscribers", "export").done()  # people.csv lies in the shop

    assert "Next: lovecampaign subscribers export people-2.csv" in said.err


def test_what_left_late_says_when_and_what_is_due_is_told(shop: Shop) -> None:
    shop.type("send", "--limit", "1", "--now", "2027-02-01T18:00Z")
    said = shop.type("explain", "ana@readers.example", "--now", "2027-02-01T19:00Z").done()
    assert "sent Mon  1 Feb 2027 19:00" in said.out
    told = shop.data("explain", "ana@readers.example", "--now", "2027-02-01T19:00Z")["timeline"]
    assert told[0]["sent_at"] == "2027-02-01T18:00:00Z"
    late = shop.type("status", "--now", "2027-02-01T19:00Z").done()
    assert "Due and not sent yet: day-01" in late.out


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{{ first_name or 'Friend' }}, your first day", "day-01: Friend, your first day"),
        ("{% if first_name %}{{ first_name }}{% else %}You{% endif %} & I", "day-01: You & I"),
        (
            "From {{ fields.city | default('your town') }}, {today}",
            "day-01: From your town, {today}",
        ),
        ("Day {{ day.number }}: {{ fields.city }}", "day-01"),
        ("{{ first_name }}", "day-01"),
        (" {% if first_name %}For {{ first_name }}{% endif %} ", "day-01"),
    ],
)
def test_a_calendar_shows_the_fallbacks_of_merge_fields(
    shop: Shop, written: str, shown: str
) -> None:
    day = shop.folder / "campaigns/test-month/days/01-day-1.md"
    text = day.read_text()
    subject = next(line for line in text.splitlines() if line.startswith("subject:"))
    day.write_text(text.replace(subject, f'subject: "{written}"'))
    shop.type("plan", "--ics", "personal.ics", *NOW).done()
    (first, *_) = Calendar.from_ical((shop.folder / "personal.ics").read_bytes()).walk("VEVENT")
    assert str(first["summary"]) == shown


def test_plan_says_how_many_get_letters_of_two_months_on_one_day(shop: Shop) -> None:
    overlapping = "a letter of second on the same day."
    assert overlapping not in shop.type("plan", "test-month", *NOW).done().out
    shop.type("new", "second", "--from", "test-month", "--start", "2027-02-02").done()
    assert f"3 people get {overlapping}" in shop.type("plan", "test-month", *NOW).done().out
    assert shop.data("plan", "second", *NOW)["overlaps"] == {"test-month": 3}
    said = shop.type("check", "second", *NOW).out
    assert "3 readers get two letters on one day: the month of test-month overlaps" in said


def test_plan_sends_nothing(shop: Shop) -> None:
    shop.type("plan", "--now", "2027-02-01T12:00Z").done()

    assert not (shop.folder / "outbox").exists()


def test_schema_is_json_schema(shop: Shop) -> None:
    both = json.loads(shop.type("schema", "--quiet").done().out)
    assert both["campaign"]["$schema"].startswith("https://json-schema.org/")
    assert "subject" in both["day"]["properties"]
    one = json.loads(shop.type("schema", "day").done().out)
    assert one == both["day"]
    assert shop.data("schema") == both


def test_a_mistyped_campaign_is_answered_with_the_one_that_was_meant(shop: Shop) -> None:
    said = shop.type("plan", "test-mnth")

    assert said.code == 2
    assert "did you mean test-month?" in said.err


def test_a_workspace_is_found_from_below_and_named_from_afar(shop: Shop, tmp_path: Path) -> None:
    below = replace(shop, folder=shop.folder / "campaigns" / "test-month" / "days")
    assert below.data("check")["campaigns"] == ["test-month"]
    afar = replace(shop, folder=tmp_path)
    assert afar.data("check", "-C", "shop")["campaigns"] == ["test-month"]
    assert afar.data("-C", "shop", "check")["campaigns"] == ["test-month"]
