"""A promise counts working days in the campaign's zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.desk.message import reply_subject, thread_headers
from lovecampaign.delivery.desk.phrases import find_phrases
from lovecampaign.delivery.desk.promise import add_working_time
from lovecampaign.delivery.desk.team import find_colleague, find_me
from lovecampaign.testing.campaigns import write_campaign


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    folder = tmp_path_factory.mktemp("workspace")
    team = {"team": {"mail": ["ana@bloom.example", "max.muster@elsewhere.example"]}}
    loaded = load_campaign(write_campaign(folder, days=1, settings=team), folder)
    assert loaded.campaign is not None
    return loaded.campaign


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2027-02-01T09:15", timedelta(days=2), "2027-02-03T09:15"),  # Monday
        ("2027-02-05T09:15", timedelta(days=2), "2027-02-09T09:15"),  # over the weekend
        ("2027-02-06T15:00", timedelta(days=1), "2027-02-08T17:00"),  # Saturday: all of Monday
        ("2027-02-06T15:00", timedelta(days=2), "2027-02-09T17:00"),
        ("2027-02-01T22:30", timedelta(days=2), "2027-02-03T17:00"),  # late in the evening
        ("2027-02-01T02:30", timedelta(days=1), "2027-02-01T17:00"),  # before dawn
        ("2027-02-08T02:30", timedelta(hours=2), "2027-02-08T08:00"),
        ("2027-02-01T14:30", timedelta(hours=4), "2027-02-01T17:00"),
        ("2027-02-01T16:45", timedelta(hours=4), "2027-02-02T08:00"),  # a quarter is no promise
        ("2027-02-05T22:00", timedelta(hours=4), "2027-02-08T08:00"),  # hours that end on a day off
        ("2027-03-26T12:00", timedelta(days=1), "2027-03-29T11:00"),  # summer time begins
    ],
)
def test_days_off_and_nights_do_not_count(
    campaign: Campaign, start: str, span: timedelta, end: str
) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    promised = add_working_time(campaign, begins, span)
    assert promised.isoformat() == f"{end}:00+00:00"


def test_every_day_may_be_a_working_day(campaign: Campaign) -> None:
    always = replace(campaign, desk=replace(campaign.desk, days=frozenset(range(7))))
    start = datetime(2027, 2, 6, 9, tzinfo=UTC)  # a Saturday
    assert add_working_time(always, start, timedelta(days=2)) == start + timedelta(days=2)


def test_who_answers_writes_from_an_address_that_the_campaign_may_send_from(
    campaign: Campaign,
) -> None:
    assert campaign.sender.email.endswith("bloom.example")
    assert find_colleague(campaign, "ana").email == "ana@bloom.example"
    assert find_colleague(campaign, "ANA@bloom.example").name == "Ana"
    assert find_colleague(campaign, "Max Muster").email == campaign.sender.email
    assert find_colleague(campaign, "Zoé").email == campaign.sender.email
    assert find_me(campaign, "ana") == "Ana"
    assert find_me(campaign, "root") == "Root"


@pytest.mark.parametrize(
    ("subject", "reply"),
    [
        ("Day 1", "Re: Day 1"),
        ("AW: Re[2]: RE : Day 1", "Re: Day 1"),
        ("Resolved: ours", "Re: Resolved: ours"),
        ("", "Re:"),
    ],
)
def test_a_subject_has_one_re(subject: str, reply: str) -> None:
    assert reply_subject(subject) == reply


def test_references_are_ids_only_and_not_more_than_twenty() -> None:
    many = " ".join(f"<{number}@a.example>" for number in range(50))
    found = thread_headers("<own@a.example>\r\nBcc: x@y", many)
    ids = found["references"].split()
    assert found["in_reply_to"] == "<own@a.example>"
    assert (len(ids), ids[0], ids[-2:]) == (
        *(20, "<0@a.example>"),
        ["<49@a.example>", "<own@a.example>"],
    )
    assert thread_headers("", many) == {}
    assert thread_headers("<a b@c>", many) == {}


def test_phrases_are_whole_words_and_kind_letters_have_none() -> None:
    assert find_phrases("It is our problem, not yours. Calm downs and policyholders.") == []
    assert find_phrases("THAT\N{RIGHT SINGLE QUOTATION MARK}S  our policy.") == [
        "that's our policy"
    ]
