"""A settings file of thousands of mistakes is told quickly: the first of them, and a number."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.testing.campaigns import write_campaign

MANY = 6_000


@pytest.mark.parametrize(
    "line",
    [
        "nmae{0}: x",
        "name: x",
        "  d{0}: x",
        "\tname{0}: x",
        "a{0}: {{{{ x }}}} b: c # d",
        "k{0}: &a{0} x",
        "k{0}: a: b",
        "k{0}:",
    ],
)
def test_the_first_mistakes_are_told_within_two_seconds_and_a_number(
    tmp_path: Path, line: str
) -> None:
    folder = write_campaign(tmp_path, days=1)
    file = folder / "campaign.yaml"
    with file.open("a") as stream:
        stream.writelines(line.format(number) + "\n" for number in range(MANY))
    began = time.process_time()
    problems = load_campaign(folder, tmp_path).problems
    assert time.process_time() - began < 2
    assert 1 <= len(problems) <= 202
    if len(problems) > 200:
        (summary,) = (one for one in problems if one.code == ProblemCode.MORE_MISTAKES)
        assert "more mistakes" in summary.message
        assert all(one.excerpt is None or "cannot be read" not in one.message for one in problems)


def test_a_file_of_two_hundred_mistakes_is_told_whole(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    with (folder / "campaign.yaml").open("a") as stream:
        stream.writelines(f"nmae{number}: x\n" for number in range(200))
    problems = load_campaign(folder, tmp_path).problems
    assert len(problems) == 200
    assert {one.code for one in problems} == {ProblemCode.UNKNOWN_KEY}
