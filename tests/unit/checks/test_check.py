"""A check says everything that is wrong with a campaign, once, and knows which email it blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.run import check_campaign, check_email
from lovecampaign.core.problems import has_errors, in_file_order
from lovecampaign.testing.campaigns import PLAIN_TEMPLATE, day_file, write_campaign
from lovecampaign.testing.months import utc
from tests.support.paths import REPOSITORY

FRAME_WORDS = '{% include "words/thanks" %}{% include "words/story" %}</mj-text>'
HERE = Facts(now=utc("2027-01-20 12:00"))
OUT_THERE = replace(HERE, provider_leaves_machine=True)


def load(folder: Path, workspace: Path) -> Campaign:
    campaign = load_campaign(folder, workspace).campaign
    assert campaign is not None
    return campaign


def email_of(campaign: Campaign, key: str) -> Email:
    email = campaign.find_email(key)
    assert email is not None
    return email


def test_the_example_month_is_right() -> None:
    campaign = load(REPOSITORY / "campaigns" / "customer-love", REPOSITORY)
    assert check_campaign(campaign, HERE) == []


def test_a_small_month_is_right(tmp_path: Path) -> None:
    assert check_campaign(load(write_campaign(tmp_path), tmp_path), HERE) == []


def test_problems_of_rendering_and_of_rules_come_together_in_file_order(tmp_path: Path) -> None:
    folder = write_campaign(
        tmp_path,
        files={
            "days/02-day-2.md": day_file(2, body="It costs 99 EUR.\n"),
            "days/03-day-3.md": day_file(3, body="Hi {{ frist_name }}.\n"),
        },
    )
    problems = check_campaign(load(folder, tmp_path), HERE)
    assert [problem.code for problem in problems] == ["LC210", "LC103"]
    assert problems == in_file_order(problems)


def test_what_emails_share_is_said_once(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, templates={"letter": "<mjml><mj-body></mj-bod></mjml>"})
    problems = check_campaign(load(folder, tmp_path), HERE)
    assert problems
    assert len(problems) == len(set(problems))
    places = [str(problem.place) for problem in problems if problem.code == "LC110"]
    assert len(places) == len(set(places))


def test_a_missing_template_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path)
    campaign = load(folder, tmp_path)
    (tmp_path / "templates/email/letter.mjml.j2").unlink()
    problems = check_campaign(campaign, HERE)
    assert "LC100" in {problem.code for problem in problems}


def test_a_mistake_in_one_email_blocks_that_email_only(tmp_path: Path) -> None:
    folder = write_campaign(
        tmp_path, files={"days/03-day-3.md": day_file(3, body="Hi {{ frist_name }}.\n")}
    )
    campaign = load(folder, tmp_path)
    assert has_errors(check_email(campaign, email_of(campaign, "day-03"), HERE))
    assert check_email(campaign, email_of(campaign, "day-02"), HERE) == []


def test_a_mistake_in_the_settings_blocks_every_email(tmp_path: Path) -> None:
    campaign = load(write_campaign(tmp_path), tmp_path)
    for key in ("day-01", "thanks", "confirm"):
        codes = {
            problem.code for problem in check_email(campaign, email_of(campaign, key), OUT_THERE)
        }
        assert {"LC200", "LC201", "LC203"} <= codes


def test_an_email_that_could_not_be_read_is_blocked_but_said_only_by_loading(
    tmp_path: Path,
) -> None:
    folder = write_campaign(tmp_path, files={"days/03-day-3.md": "---\nkind: value\n---\nHello.\n"})
    campaign = load(folder, tmp_path)
    codes = [problem.code for problem in check_email(campaign, email_of(campaign, "day-03"), HERE)]
    assert "LC223" in codes
    assert check_campaign(campaign, HERE) == []


@pytest.mark.parametrize("facts", [HERE, OUT_THERE])
def test_every_problem_says_where_and_what_to_do(facts: Facts, tmp_path: Path) -> None:
    for problem in check_campaign(load(write_campaign(tmp_path), tmp_path), facts):
        assert problem.hint
        assert problem.place or problem.code == "LC203"  # the environment has no file


def test_mistakes_inside_a_word_are_in_the_file_of_words(tmp_path: Path) -> None:
    folder = write_campaign(
        tmp_path,
        templates={"letter": PLAIN_TEMPLATE.replace("</mj-text>", FRAME_WORDS, 1)},
    )
    words = tmp_path / "templates" / "words" / "en.toml"
    words.parent.mkdir()
    words.write_text(
        '[letter]\n# Ours.\nthanks = "Merci {{ nobody }}"\nstory = """\nOne\n{% if %}\n"""\n\n'
        '[built-in.confirm]\nsubject = "{{ nobody }}"\n'
        'text = """\nHi {{ nobdy }}.\n[[button: Yes | {{ links.confirm }}]]\n"""\n'
    )
    found = check_campaign(load(folder, tmp_path), HERE)
    places = [str(one.place) for one in found if one.place and one.place.file.endswith(".toml")]
    assert sorted(places) == [
        f"templates/words/en.toml:{at}" for at in ("10:15", "12:7", "3:20", "6:1")
    ]
    assert {one.excerpt for one in found if one.code == "LC102"} == {"{% if %}"}


def test_each_translation_is_checked_as_a_letter(tmp_path: Path) -> None:
    french = "---\nsubject: Le sol\npreheader: Deux\n---\nBonjour {{ nobody }}. <form>\n"
    folder = write_campaign(
        tmp_path,
        days=1,
        settings={"languages": ["en", "fr"], "checks": {"ignore": {"LC229": "in English only"}}},
        files={"days/01-sol.fr.md": french},
    )
    campaign = load(folder, tmp_path)
    day = campaign.find_email("day-01")
    assert day is not None
    for found in (check_campaign(campaign, HERE), check_email(campaign, day, HERE)):
        codes = {one.code for one in found if one.place and one.place.file.endswith("01-sol.fr.md")}
        assert codes >= {"LC103", "LC289"}
        assert "LC229" not in {one.code for one in found}


def test_a_setting_that_a_translation_inherits_is_one_problem(tmp_path: Path) -> None:
    words = "subject: Le sol\npreheader: Deux"
    own = f"---\n{words}\nkind: guest\nguest: {{name: Mai Tran}}\n---\nHello.\n"
    folder = write_campaign(
        tmp_path,
        days=1,
        settings={"languages": ["en", "fr"]},
        files={
            "days/01-day-1.md": own,
            "days/01-day-1.fr.md": f"---\n{words}\n---\nBonjour.\n",
        },
    )
    found = check_campaign(load(folder, tmp_path), HERE)

    [problem] = [one for one in found if one.code == "LC246"]
    assert str(problem.place) == "campaigns/test-month/days/01-day-1.md:5:15"


def test_what_the_month_lacks_in_several_languages_is_one_problem(tmp_path: Path) -> None:
    def letter(word: str, day: int) -> str:
        return f"---\nsubject: {word} {day}\npreheader: {word} {word}\n---\nHi.\n"

    words = {"": "Gift", ".fr": "Cadeau"}
    letters = {
        f"days/{day:02}-day-{day}{language}.md": letter(word, day)
        for day in range(1, 4)
        for language, word in words.items()
    }
    folder = write_campaign(tmp_path, days=3, settings={"languages": ["en", "fr"]}, files=letters)
    found = check_campaign(load(folder, tmp_path), HERE)

    told = [
        (one.message, str(one.place))
        for one in found
        if one.code == "LC241" or (one.code == "LC263" and "day-02" in one.message)
    ]
    start = "campaigns/test-month/days/0"
    assert told == [
        ("day-02 has the same preheader as day-01, in en, fr", f"{start}2-day-2.md:3:12"),
        (
            "3 subjects differ in their numbers only, from day-01 to day-03, in en, fr",
            f"{start}3-day-3.md:2:10",
        ),
    ]


def test_a_gift_of_more_than_ten_megabytes_is_an_error(tmp_path: Path) -> None:
    letter = day_file(2, body="Hi there, this is for you.\n\n[[gift: big.zip | Take it]]\n")
    folder = write_campaign(tmp_path, files={"days/02-day-2.md": letter})
    for size, told in ((10_000_000, []), (10_600_000, ["the gift big.zip has 11 MB"])):
        with (folder / "big.zip").open("wb") as gift:
            gift.truncate(size)
        found = check_campaign(load(folder, tmp_path), HERE)
        assert [one.message for one in found if one.code == "LC209"] == told
