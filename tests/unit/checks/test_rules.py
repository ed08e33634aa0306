"""Each rule finds what it is about, at its place, and nothing in what is right.

The cases stand in tests/cases, one file a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.campaign.words.catalog import english_source
from lovecampaign.campaign.workspace.find import EXAMPLE_CAMPAIGN, find_example
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rendered_email import RenderedEmail, try_rendering
from lovecampaign.checks.base.rule import EmailDraft, MonthDraft
from lovecampaign.checks.month_rules import MONTH_RULES
from lovecampaign.checks.registry import ALL_RULES, EMAIL_RULES
from lovecampaign.core.problems import Problem
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.testing.campaigns import PLAIN_TEMPLATE, day_file, launch_file, write_campaign
from tests.support.paths import CASES

EXAMPLE = find_example() / EXAMPLE_CAMPAIGN
Case = Mapping[str, Any]
OF_THE_MONTH = {rule.code for rule in MONTH_RULES}


def read_cases(outcome: str) -> list[Any]:
    rules = [yaml.safe_load(file.read_text("utf-8")) for file in sorted(CASES.rglob("LC2*.yml"))]
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
    cases = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in CASES.rglob("LC2*.yml")}
    assert set(cases) == {rule.code for rule in ALL_RULES}
    for code, case in cases.items():
        assert case["rule"] == code
        assert case["fails"]
        assert case["passes"]


def run(code: str, case: Case, workspace: Path) -> Iterator[Problem]:
    """What one rule finds in the case's campaign."""
    campaign = load(case, workspace, days=27 if code in OF_THE_MONTH else days_of(case))
    facts = facts_of(case)
    for rule in MONTH_RULES:
        if rule.code == code:
            yield from rule.find(MonthDraft(campaign=campaign, facts=facts))
    for email_rule in EMAIL_RULES:
        if email_rule.code == code:
            for draft in drafts_of(case, campaign, facts):
                yield from email_rule.find(draft)


def facts_of(case: Case) -> Facts:
    known = dict(case.get("facts", {}))
    now = known.pop("now", "2027-01-20T12:00:00+00:00")
    return Facts(
        now=datetime.fromisoformat(now),
        provider_leaves_machine=case.get("leaves_machine", False),
        zones=frozenset(case.get("zones", [])),
        **({"public_url": case["public_url"]} if "public_url" in case else {}),
        **known,
    )


def drafts_of(case: Case, campaign: Campaign, facts: Facts) -> Iterator[EmailDraft]:
    """The emails that the case is about; they are rendered where it names them or their words."""
    for email in campaign.emails:
        if email.key in case.get("emails", [email.key]):
            content = None if email.is_broken else read_content(campaign, email)
            shown = show(case, campaign, email, content) if is_about(case, email) else None
            yield EmailDraft(
                campaign=campaign, facts=facts, email=email, content=content, rendered=shown
            )


def is_about(case: Case, email: Email) -> bool:
    """Whether the case names the email or writes its words; only those are worth rendering."""
    written = (*case.get("copy", {}), *case.get("subject", {}), *case.get("files", {}))
    return email.key in case.get("emails", []) or any(map(email.copy.file.endswith, written))


def show(
    case: Case, campaign: Campaign, email: Email, content: Content | None
) -> RenderedEmail | None:
    shown = try_rendering(campaign, email, content).email if content else None
    if shown is None or "headers" not in case:
        return shown
    return replace(shown, headers={**shown.headers, **case["headers"]})


def days_of(case: Case) -> int:
    """How many days the case needs: up to the last that it writes."""
    written = (*case.get("copy", {}), *case.get("subject", {}), *case.get("files", {}))
    numbers = [int(name[5:7]) for name in written if name.startswith("days/")]
    return 27 if "skip" in case.get("settings", {}) else min(max([3, *numbers]) + 1, 27)


def load(case: Case, workspace: Path, days: int) -> Campaign:
    if "words" in case:  # a language that is not shipped
        words = workspace / "templates" / "words" / f"{case['words']}.toml"
        words.parent.mkdir(parents=True)
        words.write_text(english_source(), "utf-8")
    folder = write_campaign(
        workspace,
        start=date(2027, 2, 1),
        days=days,
        settings=case.get("settings", {}),
        files=files_of(case),
        templates=templates_of(case),
    )
    loaded = load_campaign(folder, workspace)
    assert loaded.campaign, loaded.problems
    return loaded.campaign


def templates_of(case: Case) -> Mapping[str, str]:
    """The case's letter: the usual template with more behind it, or with parts replaced."""
    template = PLAIN_TEMPLATE + case.get("template", "")
    for old, new in case.get("replace", {}).items():
        assert old in template
        template = template.replace(old, new)
    return {"letter": template} if template != PLAIN_TEMPLATE else {}


def picture(size: int) -> bytes:
    """As many bytes as a case says, which begin like a JPEG."""
    return b"\xff\xd8\xff".ljust(size, b"\0")


def files_of(case: Case) -> Mapping[str, str | bytes | None]:
    """The case's files: with other words than write_campaign gives them."""
    files: dict[str, str | bytes | None] = {}
    for number in range(1, 28):
        if "all_copies" in case or "all_kinds" in case:
            files[f"days/{number:02}-day-{number}.md"] = alike_file(case, number)
    files |= case.get("files", {})
    files |= {name: picture(size) for name, size in case.get("pictures", {}).items()}
    copies = case.get("copy", {}) | {
        name: "word " * (size // 5) for name, size in case.get("big_copy", {}).items()
    }
    for name, text in copies.items():
        usual = files.get(name) or usual_file(name)
        front = str(usual).rpartition("---\n")[0]
        files[name] = f"{front}---\n{text}"
    for name, original in case.get("from_example", {}).items():
        files[name] = (EXAMPLE / original).read_text("utf-8") + case.get("signed", "")
    for name, subject in case.get("subject", {}).items():
        lines = usual_file(name).splitlines(keepends=True)
        files[name] = "".join(
            (lines[0], f"subject: {yaml.safe_dump(subject, width=1000).strip()}\n", *lines[2:])
        )
    return files


def alike_file(case: Case, number: int) -> str:
    kind = case.get("all_kinds", "value")
    text = case.get("all_copies", "Hello.\n")
    return f"---\nsubject: Day {number}\npreheader: For {number}\nkind: {kind}\n---\n{text}"


def usual_file(name: str) -> str:
    path = Path(name)
    return day_file(int(path.stem[:2])) if path.parts[0] == "days" else launch_file(path.stem)


def assert_the_caret_is_in_the_excerpt(problem: Problem) -> None:
    place = problem.place
    if place and place.column and problem.excerpt is not None:
        assert place.column + problem.width - 1 <= len(problem.excerpt)
