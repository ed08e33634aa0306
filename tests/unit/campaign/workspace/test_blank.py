"""An empty month has a varied plan of letters, in each language, and loads as it is."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign, Kind
from lovecampaign.campaign.workspace import guidance
from lovecampaign.campaign.workspace.guidance import LANGUAGES, plan_letters, read_guidance
from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.run import check_campaign
from lovecampaign.core.clock import SystemClock
from lovecampaign.core.problems import Problem

START = date(2028, 3, 15)


def made(workspace: Path, *, days: int, blank: str | None = None) -> Campaign:
    new_campaign(workspace, "mine", start=START, days=days, blank=blank)
    found = load_campaign(workspace / "campaigns" / "mine", workspace)
    assert found.problems == ()
    assert found.campaign is not None
    return found.campaign


def problems_of(campaign: Campaign, *, leaves: bool = False) -> list[Problem]:
    facts = Facts(now=SystemClock().now(), provider_leaves_machine=leaves)
    return check_campaign(campaign, facts)


def test_every_language_has_the_same_texts_with_two_lines_for_each_letter() -> None:
    assert set(LANGUAGES) == {"de", "en", "es", "fr", "it", "nl", "pt"}
    english = read_guidance("en")
    for language in LANGUAGES:
        texts = read_guidance(language)
        assert texts.letters.keys() == english.letters.keys()
        assert texts.settings.keys() == english.settings.keys()
        assert texts.comments.keys() == english.comments.keys()
        assert {len(texts.lines(letter)) for letter in texts.letters} == {2}
        titles = {texts.subject(letter) for letter in texts.letters}
        assert len(titles) == len(texts.letters)


def test_no_line_of_guidance_ends_its_comment() -> None:
    folder = Path(guidance.__file__).with_name("guidance_texts")
    for file in folder.glob("*.toml"):
        assert tomllib.loads(file.read_text())
        assert "#}" not in file.read_text()


@pytest.mark.parametrize("days", range(5, 61))
def test_a_plan_of_any_length_is_varied(days: int) -> None:
    letters = plan_letters(days)
    assert len(letters) == days
    assert (letters[0], letters[-1]) == ("welcome", "last")
    assert "invite" in letters
    assert all(before != after for before, after in pairwise(letters))
    assert letters.count("answers") <= letters.count("question")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_blank_month_has_no_errors_and_one_problem_for_each_letter(
    tmp_path: Path, language: str
) -> None:
    campaign = made(tmp_path, days=8, blank=language)
    assert (campaign.language, campaign.days) == (language, 8)
    assert len({email.kind for email in campaign.day_emails}) >= 5
    problems = problems_of(campaign)
    assert not any(problem.is_error for problem in problems)
    letters = [problem.place for problem in problems if problem.code == "LC206"]
    written = [email.copy.file for email in campaign.emails if not email.copy.is_built_in]
    assert sorted(place.file for place in letters if place) == sorted(written)
    assert {problem.code for problem in problems} == {"LC205", "LC206"}


def test_nothing_unwritten_leaves_the_machine(tmp_path: Path) -> None:
    campaign = made(tmp_path, days=5, blank="de")
    errors = {problem.code for problem in problems_of(campaign, leaves=True) if problem.is_error}
    assert {"LC205", "LC206"} <= errors


@pytest.mark.parametrize("days", [5, 14, 31, 60])
def test_the_example_of_another_length_ends_with_its_last_letter(tmp_path: Path, days: int) -> None:
    campaign = made(tmp_path, days=days)
    assert [email.number for email in campaign.day_emails] == list(range(1, days + 1))
    assert campaign.day_emails[-1].copy.file.endswith(f"{days:02d}-last-letter.md")
    assert campaign.launch.day == days + 1
    launch = START + timedelta(days=days)
    assert [campaign.date_of(email) for email in campaign.launch_emails] == [
        launch + timedelta(days=late) for late in (-1, 0, 3, 4)
    ]
    assert campaign.catch_up is not None
    assert max(campaign.catch_up.must_have) <= days


def test_a_shorter_example_passes_the_check(tmp_path: Path) -> None:
    assert problems_of(made(tmp_path, days=14)) == []


def test_a_longer_example_has_guidance_for_the_days_before_its_last_letters(tmp_path: Path) -> None:
    blank = [
        email for email in made(tmp_path, days=31).emails if guidance.is_blank(email.copy.text)
    ]
    assert [email.key for email in blank] == ["day-25", "day-26", "day-27", "day-28"]


def test_a_blank_letter_names_its_kind_and_has_no_words(tmp_path: Path) -> None:
    campaign = made(tmp_path, days=14, blank="fr")
    guest = next(email for email in campaign.day_emails if email.kind is Kind.GUEST)
    assert guest.subject == "[Un invité]"
    assert guest.guest is not None
    assert guidance.is_blank(guest.copy.text)
    assert not guidance.is_blank(guest.copy.text + "Bonjour,\n")
