"""Honest letters are left alone: twenty voices, and at most one false alarm among them."""

from __future__ import annotations

import re
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.run import check_campaign
from lovecampaign.core.problems import Problem
from lovecampaign.testing.campaigns import write_campaign
from lovecampaign.testing.months import utc
from tests.support.paths import REPOSITORY

LETTERS = sorted((REPOSITORY / "tests" / "data" / "handwritten").glob("*.md"))
OUT_THERE = Facts(
    now=utc("2027-01-20 12:00"),
    provider_leaves_machine=True,
    public_url="https://letters.atelier-nowak.eu",
)


def check_letters(workspace: Path) -> list[Problem]:
    """What is said about the letters, in a month of their own with the real templates."""
    folder = write_campaign(
        workspace,
        days=len(LETTERS),
        files={
            f"days/{file.stem[:2]}-day-{int(file.stem[:2])}.md": file.read_text("utf-8")
            for file in LETTERS
        },
        templates={
            file.name.removesuffix(".mjml.j2"): file.read_text("utf-8")
            for file in (REPOSITORY / "templates" / "email").glob("*.mjml.j2")
        },
    )
    loaded = load_campaign(folder, workspace)
    assert loaded.campaign, loaded.problems
    return [*loaded.problems, *check_campaign(loaded.campaign, OUT_THERE)]


def test_twenty_honest_letters_raise_at_most_one_false_alarm(tmp_path: Path) -> None:
    problems = [
        problem
        for problem in check_letters(tmp_path)
        if problem.place and re.search(r"/days/|templates/", problem.place.file)
        # The month is English, and this letter is French.
        if (problem.code, problem.place.file[-6:]) != ("LC225", "-12.md")
    ]
    assert len(LETTERS) == 20
    assert len(problems) <= 1, "\n".join(
        f"{one.place}: {one.code} {one.message}" for one in problems
    )
