"""The example month is good enough to send: what it says, checked as far as a test can tell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign, Email, Kind
from lovecampaign.campaign.schema.json_schema import campaign_schema
from tests.support.paths import REPOSITORY

FOLDER = REPOSITORY / "campaigns" / "customer-love"

_PRINTED = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}", re.DOTALL)
_ADDRESS = re.compile(r"\]\([^)]*\)|\|[^\]|]*\]\]")
_WORD = re.compile(r"[\w’'-]*\w[\w’'-]*")
_SELLING = re.compile(
    r"\b(buy\w*|bought|purchas\w*|pric(e|es|ed|ing)|prepay|checkout|carts?|discount\w*|vouchers?"
    r"|coupons?|sale|sales|sell\w*|offer\w*|deals?|order now|shop now|subscription|EUR|euros?)\b"
    r"|[€$£]|\d ?%",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
#: A date, a weekday or a season of the reader's own; "until October" of a story is none.
_OWN_DATE = re.compile(
    rf"\b\d{{1,2}} {_MONTH}|\b\w*(?:th|first) of {_MONTH}|mid-{_MONTH}|February"
    r"|this weekend|\bon the (?:\w+teenth|twenty-\w+)|\b[Bb]y \w+day\b"
)
_READER = re.compile(r"\b(you|your|yours|yourself)\b", re.IGNORECASE)
_OURSELVES = re.compile(r"\b(I|me|my|mine|we|us|our|ours)\b")
#: Values that everybody has, so that no fallback is needed.
_ALWAYS_THERE = (
    *("links.", "deal.", "offer.", "question", "sender.", "hero.", "progress.", "campaign."),
)


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    loaded = load_campaign(FOLDER, REPOSITORY)
    assert loaded.problems == ()
    assert loaded.campaign is not None
    return loaded.campaign


@pytest.fixture(scope="module")
def days(campaign: Campaign) -> dict[int, Email]:
    return {email.number: email for email in campaign.day_emails if email.number}


def words(text: str) -> list[str]:
    """What a reader reads: no tags, no addresses; a merge field counts as one word."""
    return _WORD.findall(_ADDRESS.sub("]", _PRINTED.sub("Name", _TAG.sub("", text))))


def spoken(email: Email) -> str:
    return " ".join((email.subject, email.preheader, email.copy.text))


def test_every_one_of_the_27_days_has_a_letter(days: dict[int, Email]) -> None:
    assert sorted(days) == list(range(1, 28))


def test_the_month_starts_on_a_monday_and_opens_its_doors_on_day_28(campaign: Campaign) -> None:
    assert campaign.start.weekday() == 0
    assert campaign.launch.day == 28
    assert [email.key for email in campaign.launch_emails] == [
        "early-access",
        "launch",
        "last-call",
        "thanks",
    ]


def test_a_day_has_90_to_250_words(days: dict[int, Email]) -> None:
    counts = {number: len(words(email.copy.text)) for number, email in days.items()}
    assert {n: count for n, count in counts.items() if not 90 <= count <= 250} == {}


def test_days_sell_nothing(days: dict[int, Email]) -> None:
    found = {
        number: [match.group() for match in _SELLING.finditer(_PRINTED.sub("", spoken(email)))]
        for number, email in days.items()
    }
    assert {number: selling for number, selling in found.items() if selling} == {}


def test_days_know_nothing_of_the_offer_and_the_deal(days: dict[int, Email]) -> None:
    for email in days.values():
        fields = " ".join(_PRINTED.findall(spoken(email)))
        assert not re.search(r"\b(offer|deal)\b", fields), email.key
        assert "bloom.example/year" not in spoken(email), email.key


def test_the_letters_hold_for_any_start(campaign: Campaign) -> None:
    """``new --start`` copies them: what they say of themselves is a number of a day."""
    for email in campaign.emails:
        found = _OWN_DATE.findall(spoken(email))
        assert found == [], email.key


def test_every_day_says_you_more_often_than_i_and_we(days: dict[int, Email]) -> None:
    for email in days.values():
        text = _PRINTED.sub("", email.copy.text)
        assert len(_READER.findall(text)) > len(_OURSELVES.findall(text)), email.key


def test_every_merge_field_has_a_fallback(campaign: Campaign) -> None:
    for email in campaign.emails:
        for field in map(str.strip, _PRINTED.findall(spoken(email))):
            assert "default(" in field or field.startswith(_ALWAYS_THERE), f"{email.key}: {field}"


def test_no_two_letters_have_the_same_subject_preheader_or_opening(campaign: Campaign) -> None:
    for parts in (
        [email.subject for email in campaign.emails],
        [email.preheader for email in campaign.emails],
        [_first_words(email) for email in campaign.day_emails],
    ):
        assert len(set(parts)) == len(parts)


def test_neighbouring_days_do_not_begin_with_the_same_greeting(days: dict[int, Email]) -> None:
    openings = [days[number].copy.text.split()[0] for number in sorted(days)]
    greetings = {"Hi", "Dear", "Good"}
    assert not [pair for pair in pairwise(openings) if set(pair) <= greetings]


def test_every_letter_has_a_preheader_and_a_subject_that_fit_an_inbox(campaign: Campaign) -> None:
    for email in campaign.emails:
        assert email.preheader, email.key
        assert len(_PRINTED.sub("Joana Pires", email.subject)) <= 60, email.key


def test_nobody_shouts(campaign: Campaign) -> None:
    for email in campaign.emails:
        assert "!" not in spoken(email), email.key
        assert not re.search(r"\boops\b", spoken(email), re.IGNORECASE), email.key


def test_a_letter_has_one_button_at_most(campaign: Campaign) -> None:
    assert all(email.copy.text.count("[[button:") <= 1 for email in campaign.emails)


def test_the_days_are_of_every_giving_kind(days: dict[int, Email]) -> None:
    kinds = [email.kind for email in days.values()]
    assert set(kinds) == set(Kind) - {Kind.LAUNCH}
    assert not [
        three for three in zip(kinds, kinds[1:], kinds[2:], strict=False) if len({*three}) == 1
    ]


def test_the_guest_of_day_12_has_approved_the_interview(days: dict[int, Email]) -> None:
    guest = days[12].guest
    assert days[12].kind is Kind.GUEST
    assert guest is not None
    assert guest.approved is not None


def test_day_14_asks_one_question(days: dict[int, Email]) -> None:
    assert days[14].kind is Kind.ASK
    assert days[14].question
    assert "{{ question }}" in days[14].copy.text


def test_some_days_invite_to_the_advance_list_and_most_do_not(days: dict[int, Email]) -> None:
    inviting = [number for number, email in days.items() if "links.insiders" in email.copy.text]
    assert 2 <= len(inviting) <= 4


def test_whoever_is_named_has_agreed_and_the_letter_says_so(days: dict[int, Email]) -> None:
    naming = [4, 7, 8, 10, 12, 15, 18, 19, 22, 24, 25, 26]
    consent = re.compile(r"permission|agreed|allowed me|approved|said yes|may name me")
    assert [number for number in naming if not consent.search(days[number].copy.text)] == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "one letter a day"),  # expectations
        (2, "jar"),  # a tool
        (5, "ten minutes of justice"),  # the reader's own heroics, and what to do now
        (6, "list"),  # a checklist
        (10, "rule"),  # an employee against a silly rule
        (11, "Press reply"),  # a small favour
        (15, "Greet, listen, say what comes next and when, thank, keep your word"),
        (16, "You will get an answer from one of us"),  # something mended in person
        (18, "Press reply and tell me"),  # the reader's own story
        (24, "Copy it by hand"),  # a template
    ],
)
def test_each_beat_of_the_month_is_there(days: dict[int, Email], number: int, said: str) -> None:
    assert said in days[number].copy.text


@pytest.mark.parametrize(
    ("number", "promise", "kept_on", "kept"),
    [
        (1, "Tomorrow you get a test", 2, "jam-jar test"),
        (2, "Tomorrow you get the key", 3, "The bottom stripe is sand"),
        (3, "Tomorrow you meet Mathilde", 4, "Mathilde Renard"),
        (9, "on day 21", 21, "light map from day 9"),
        (9, "Noé was right", 10, "Noé, four months in the job"),
        (11, "On day 19 you will see the list", 19, "On day 11 you were asked"),
        (11, "Dr Mai Tran", 12, "guest.name"),
        (13, "a single question", 14, "the one question of this month"),
        (14, "In the last letter but one you will read", 26, "You were asked who first"),
        (20, "Tomorrow evening you will get the sowing list", 21, "Good evening"),
        (25, "The day after tomorrow is the last", 27, "this is what you did"),
        (26, "Tomorrow you get the last one", 27, "this is what you did"),
    ],
)
def test_a_promise_is_kept(
    days: dict[int, Email], number: int, promise: str, kept_on: int, kept: str
) -> None:
    assert re.search(promise, days[number].copy.text)
    assert kept in spoken(days[kept_on])


def test_every_tomorrow_is_in_the_table_of_promises(days: dict[int, Email]) -> None:
    promising = {
        n for n, email in days.items() if re.search(r"\btomorrow\b", email.copy.text, re.IGNORECASE)
    }
    assert promising == {1, 2, 3, 9, 11, 13, 20, 25, 26, 27}


def test_the_evening_list_goes_out_in_the_evening(days: dict[int, Email]) -> None:
    assert days[21].at is not None
    assert days[21].at.hour == 18


def test_the_launch_asks_plainly_and_once(campaign: Campaign) -> None:
    launch = campaign.find_email("launch")
    assert launch is not None
    assert launch.copy.text.count("offer.price") == 1
    assert launch.copy.text.count("http") == 0


def test_the_insiders_letters_name_price_code_and_end(campaign: Campaign) -> None:
    for key in ("early-access", "last-call"):
        email = campaign.find_email(key)
        assert email is not None
        for field in ("deal.price", "deal.instead_of", "deal.closes", "deal.code"):
            assert field in email.copy.text, f"{key}: {field}"


def test_the_last_call_comes_within_a_day_of_the_end(campaign: Campaign) -> None:
    email, deal = campaign.find_email("last-call"), campaign.insider_deal
    assert email is not None
    assert email.instant is not None
    assert deal is not None
    assert 0 < (deal.closes - email.instant).total_seconds() <= 24 * 3600


def test_the_schema_that_editors_read_beside_the_example_knows_every_setting() -> None:
    """After a change of the settings: lovecampaign schema > campaigns/campaign.schema.json"""
    written = json.loads((FOLDER.parent / "campaign.schema.json").read_text(encoding="utf-8"))
    assert _settings_of(written) == _settings_of(campaign_schema())
    first_line = (FOLDER / "campaign.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first_line == "# yaml-language-server: $schema=../campaign.schema.json"


def test_images_are_few_small_and_described(campaign: Campaign) -> None:
    images = list((FOLDER / "images").iterdir())
    assert len(images) <= 3
    assert all(image.stat().st_size < 100_000 for image in images)
    for email in campaign.emails:
        for alt in re.findall(r"\[\[image: [^|]*\|([^\]]*)\]\]", email.copy.text):
            assert len(alt.split()) >= 5, email.key


def _settings_of(schema: Mapping[str, Any]) -> dict[str, set[str]]:
    groups = {"": schema, **schema.get("$defs", {})}
    return {name: set(group.get("properties", ())) for name, group in groups.items()}


def _first_words(email: Email) -> str:
    paragraphs = [
        line for line in email.copy.text.splitlines() if line and not line.startswith("#")
    ]
    longer = next(line for line in paragraphs if len(line.split()) > 5)
    return " ".join(longer.split()[:3])
