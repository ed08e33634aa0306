"""Each rule finds what it is about, at its place, and nothing in what is right.

The cases stand in tests/cases, one file a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from lovecampaign.campaign.example import CAMPAIGN, find_example
from lovecampaign.campaign.load import load_campaign
from lovecampaign.campaign.model import Campaign
from lovecampaign.checks.facts import Facts
from lovecampaign.checks.registry import ALL_RULES, EMAIL_RULES, MONTH_RULES
from lovecampaign.checks.rule import EmailDraft, MonthDraft
from lovecampaign.problems import Problem
from lovecampaign.render.content import read_content
from lovecampaign.testing.campaigns import PLAIN_TEMPLATE, day_file, launch_file, write_campaign
from lovecampaign.testing.months import utc

CASES = Path(__file__).parent.parent / "cases"
EXAMPLE = find_example() / CAMPAIGN
Case = Mapping[str, Any]


def read_cases(outcome: str) -> list[Any]:
    rules = [yaml.safe_load(file.read_text("utf-8")) for file in sorted(CASES.glob("LC2*.yml"))]
    return [
        pytest.param(rule["rule"], case, id=f"{rule['rule']}: {case['why']}")
        for rule in rules
        for case in rule[outcome]
    ]


@pytest.mark.parametrize(("code", "case"), read_cases("fails"))
def test_the_rule_finds(code: str, case: Case, tmp_path: Path) -> None:
    problems = list(run(code, case, tmp_path))
    assert len(problems) == len(case["finds"]), problems
    for problem, expected in zip(problems, case["finds"], strict=True):
        assert expected["says"] in problem.message
        assert problem.severity == expected.get("severity", "error")
        assert problem.hint
        shown = problem.as_json()
        for part in ("file", "line"):
            assert shown[part] == expected.get(part, shown[part])
        assert_the_caret_is_in_the_excerpt(problem)


@pytest.mark.parametrize(("code", "case"), read_cases("passes"))
def test_the_rule_is_content(code: str, case: Case, tmp_path: Path) -> None:
    assert list(run(code, case, tmp_path)) == []


def test_every_rule_has_cases_that_fail_and_cases_that_pass() -> None:
    cases = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in CASES.glob("LC2*.yml")}
    assert set(cases) == {rule.code for rule in ALL_RULES}
    for code, case in cases.items():
        assert case["rule"] == code
        assert case["fails"]
        assert case["passes"]


def run(code: str, case: Case, workspace: Path) -> Iterator[Problem]:
    """What one rule finds in the case's campaign."""
    campaign = load(case, workspace)
    facts = Facts(
        now=utc("2027-01-20 12:00"),
        provider_leaves_machine=case.get("leaves_machine", False),
        zones=frozenset(case.get("zones", [])),
        **({"public_url": case["public_url"]} if "public_url" in case else {}),
    )
    for rule in MONTH_RULES:
        if rule.code == code:
            yield from rule.find(MonthDraft(campaign=campaign, facts=facts))
    for email_rule in EMAIL_RULES:
        if email_rule.code == code:
            for email in campaign.emails:
                if email.key in case.get("emails", [email.key]):
                    content = None if email.is_broken else read_content(campaign, email)
                    yield from email_rule.find(
                        EmailDraft(campaign=campaign, facts=facts, email=email, content=content)
                    )


def load(case: Case, workspace: Path) -> Campaign:
    folder = write_campaign(
        workspace,
        start=date(2027, 2, 1),
        settings=case.get("settings", {}),
        files=files_of(case),
        templates={"letter": PLAIN_TEMPLATE + case["template"]} if "template" in case else {},
    )
    loaded = load_campaign(folder, workspace)
    assert loaded.campaign, loaded.problems
    return loaded.campaign


def files_of(case: Case) -> Mapping[str, str]:
    """The case's files: with another copy or another subject than write_campaign gives them."""
    files = dict(case.get("files", {}))
    for name, text in case.get("copy", {}).items():
        front = usual_file(name).rpartition("---\n")[0]
        files[name] = f"{front}---\n{text}"
    for name, original in case.get("from_example", {}).items():
        files[name] = (EXAMPLE / original).read_text("utf-8") + case.get("signed", "")
    for name, subject in case.get("subject", {}).items():
        lines = usual_file(name).splitlines(keepends=True)
        files[name] = "".join(
            (lines[0], f"subject: {yaml.safe_dump(subject).strip()}\n", *lines[2:])
        )
    return files


def usual_file(name: str) -> str:
    path = Path(name)
    return day_file(int(path.stem[:2])) if path.parts[0] == "days" else launch_file(path.stem)


def assert_the_caret_is_in_the_excerpt(problem: Problem) -> None:
    place = problem.place
    if place and place.column and problem.excerpt is not None:
        assert place.column + problem.width - 1 <= len(problem.excerpt)
