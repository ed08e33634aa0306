"""An author may live with a problem, with a reason, and not with one that harms readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.run import check_campaign, check_email
from lovecampaign.core.problems import Problem
from lovecampaign.testing.campaigns import PLAIN_TEMPLATE, write_campaign
from lovecampaign.testing.months import utc

FACTS = Facts(now=utc("2027-01-20 12:00"))
SHOUTED = """---
{note}subject: "IT IS HERE TODAY"
preheader: A line of its own.
kind: value
---
{copy_note}Hello, {{{{ first_name }}}}.
"""


def month(workspace: Path, *, note: str = "", copy_note: str = "", reason: str = "") -> Campaign:
    folder = write_campaign(
        workspace,
        days=3,
        files={"days/02-day-2.md": SHOUTED.format(note=note, copy_note=copy_note)},
        settings={"checks": {"ignore": {"LC265": reason}}} if reason else {},
    )
    loaded = load_campaign(folder, workspace)
    assert loaded.campaign, loaded.problems
    return loaded.campaign


def problems_of(campaign: Campaign) -> list[Problem]:
    return check_campaign(campaign, FACTS)


def codes_of(campaign: Campaign) -> list[str]:
    return [problem.code for problem in problems_of(campaign)]


def test_without_notes_both_are_told(tmp_path: Path) -> None:
    assert codes_of(month(tmp_path)) == ["LC265", "LC217"]


def test_a_note_in_yaml_silences_the_next_line(tmp_path: Path) -> None:
    note = "# lovecampaign: ignore LC265 – it is what the sign says\n"
    assert codes_of(month(tmp_path, note=note)) == ["LC217"]


@pytest.mark.parametrize("dash", [":", "–", "—", "-", ""])
def test_a_note_in_the_copy_silences_the_next_line(tmp_path: Path, dash: str) -> None:
    note = f"{{# lovecampaign: ignore LC217{dash} everybody has a name #}}\n"
    assert codes_of(month(tmp_path, copy_note=note)) == ["LC265"]


def test_a_note_on_the_same_line_counts(tmp_path: Path) -> None:
    note = "{# lovecampaign: ignore LC217: everybody has a name #}"
    assert codes_of(month(tmp_path, copy_note=note)) == ["LC265"]


def test_a_note_never_reaches_the_reader(tmp_path: Path) -> None:
    campaign = month(tmp_path, copy_note="{# lovecampaign: ignore LC217: so it is #}\n")
    email = campaign.find_email("day-02")
    assert email is not None
    assert "LC217" not in [problem.code for problem in check_email(campaign, email, FACTS)]


def test_a_setting_silences_a_code_everywhere(tmp_path: Path) -> None:
    assert codes_of(month(tmp_path, reason="we like it loud")) == ["LC217"]


def test_a_note_in_a_template_counts_for_every_email(tmp_path: Path) -> None:
    small = (
        "{# lovecampaign: ignore LC287: the seal is drawn in words #}\n"
        '<mj-text font-size="11px">Seal</mj-text>'
    )
    template = PLAIN_TEMPLATE.replace("{{ content }}", "{{ content }}\n" + small)
    folder = write_campaign(tmp_path, days=3, templates={"letter": template})
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    assert codes_of(campaign) == []


def test_a_note_two_lines_away_silences_nothing_and_is_told(tmp_path: Path) -> None:
    note = "{# lovecampaign: ignore LC217: everybody has a name #}\n\n\n"
    problems = problems_of(month(tmp_path, copy_note=note))
    assert [problem.code for problem in problems] == ["LC265", "LC297", "LC217"]
    assert not any(problem.is_error for problem in problems)


def test_a_note_without_a_reason_is_told(tmp_path: Path) -> None:
    campaign = month(tmp_path, note="# lovecampaign: ignore LC265\n")
    problem = problems_of(campaign)[0]
    assert (problem.code, problem.severity) == ("LC296", "warning")
    assert problem.place is not None
    assert problem.place.line == 2


@pytest.mark.parametrize("code", ["LC268", "LC221", "LC291", "LC103", "LC007"])
def test_what_protects_readers_cannot_be_ignored(tmp_path: Path, code: str) -> None:
    campaign = month(tmp_path, note=f"# lovecampaign: ignore {code} – no room\n")
    assert "LC298" in codes_of(campaign)


def test_an_email_without_a_way_out_stays_an_error_whatever_is_noted(tmp_path: Path) -> None:
    template = PLAIN_TEMPLATE.replace("Leave with one click", "")
    folder = write_campaign(
        tmp_path,
        days=3,
        templates={"letter": "{# lovecampaign: ignore LC268: why not #}\n" + template},
        settings={"checks": {"ignore": {"LC268": "we said so"}}},
    )
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    problems = problems_of(campaign)
    assert "LC268" in [problem.code for problem in problems if problem.is_error]
    assert [problem.code for problem in problems].count("LC298") == 2


def test_a_note_in_an_html_comment_is_refused_because_readers_could_see_it(tmp_path: Path) -> None:
    note = "<!-- lovecampaign: ignore LC217: everybody has a name -->\n"
    codes = codes_of(month(tmp_path, copy_note=note))
    assert "LC298" in codes
    assert "LC217" in codes


def test_a_setting_needs_a_reason_and_a_code_that_looks_like_one(tmp_path: Path) -> None:
    for number, ignore in enumerate(({"LC265": ""}, {"loud": "we like it"})):
        workspace = tmp_path / str(number)
        folder = write_campaign(workspace, days=3, settings={"checks": {"ignore": ignore}})
        assert load_campaign(folder, workspace).campaign is None


def test_a_check_of_one_email_says_nothing_about_notes_of_others(tmp_path: Path) -> None:
    campaign = month(tmp_path, note="# lovecampaign: ignore LC241 – they are a series\n")
    email = campaign.find_email("day-01")
    assert email is not None
    assert check_email(campaign, email, FACTS) == []


def test_an_unknown_code_is_called_so_and_no_explanation_is_promised(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=3, settings={"checks": {"ignore": {"LC999": "why"}}})
    loaded = load_campaign(folder, tmp_path)
    assert loaded.campaign
    told = [problem for problem in problems_of(loaded.campaign) if problem.code == "LC298"]
    assert [problem.message for problem in told] == ["there is no code LC999"]
    assert "--explain" not in (told[0].hint or "")


def test_a_code_of_reading_is_explained_instead_of_ignored(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=3, settings={"checks": {"ignore": {"LC103": "why"}}})
    loaded = load_campaign(folder, tmp_path)
    assert loaded.campaign
    told = [problem for problem in problems_of(loaded.campaign) if problem.code == "LC298"]
    assert [problem.message for problem in told] == ["LC103 cannot be ignored"]
