"""A settings file of thousands of mistakes is told quickly: the first of them, and a number."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.schema.models import CampaignFile
from lovecampaign.campaign.schema.validate import read_document
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.problem_limit import first_of_each_file
from lovecampaign.campaign.source.source import make_source
from lovecampaign.core.problems import Problem
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


def one_summary(problems: tuple[Problem, ...]) -> Problem:
    (summary,) = (one for one in problems if one.code == ProblemCode.MORE_MISTAKES)
    assert problems[-1] == summary
    return summary


@pytest.mark.parametrize(
    "lines",
    [
        "nmae{0}: x\n",
        "days:\n  {0}: {{at: 99}}\n",
        "skip:\n  - {0}\n",
        "deals:\n  d{0}: {{title: x}}\n",
        "checks:\n  ignore:\n    bad{0}: no\n",
    ],
)
def test_mistakes_behind_the_first_200_are_not_built_in_full(lines: str) -> None:
    group, line = lines.rstrip("\n").rpartition("\n")[::2]
    text = group + "\n" + "".join(line.format(number) + "\n" for number in range(100, 2_100))
    document = read_document(make_source("campaign.yaml", text), CampaignFile)
    counted = [one for one in document.problems if one.code == ProblemCode.MORE_MISTAKES]
    built = [one for one in document.problems if one.code != ProblemCode.MORE_MISTAKES]
    assert 200 <= len(built) <= 220
    assert len(built) + len(counted) >= 2_000
    assert {one.excerpt for one in counted} == {None}


def test_mistakes_across_settings_are_limited_and_counted_too(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    with (folder / "campaign.yaml").open("a") as stream:  # under deals, its last group
        stream.writelines(
            f"  d{number}: {{title: x, price: 59 EUR, link: 'https://b.example/', "
            "opens: day 29 10:00, closes: day 27 10:00}\n"
            for number in range(500)
        )
    problems = load_campaign(folder, tmp_path).problems
    assert {one.code for one in problems[:200]} == {ProblemCode.WINDOW}
    assert "300 more mistakes" in one_summary(problems).message


def test_the_first_200_are_those_of_all_kinds_in_file_order(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    with (folder / "campaign.yaml").open("a") as stream:
        stream.writelines(
            f"nmae{number}: x\nk{number}: &a x\ne{number}:\nj{number}: a: b\n"
            for number in range(400)
        )
    *first, summary = load_campaign(folder, tmp_path).problems
    assert len(first) == 200
    assert {one.code for one in first} == {
        ProblemCode.UNKNOWN_KEY,
        ProblemCode.SPECIAL_FIRST_CHARACTER,
        ProblemCode.EMPTY_VALUE,
        ProblemCode.COLON_IN_VALUE,
    }
    lines = [one.place.line for one in first if one.place and one.place.line]
    assert lines == list(range(lines[0], lines[0] + 200))
    assert "1,400 more mistakes" in summary.message


def test_many_mistakes_of_one_line_are_each_told_in_full() -> None:
    words = ", ".join(f"insidr{number}" for number in range(900))
    document = read_document(make_source("campaign.yaml", f"skip: [{words}]\n"), CampaignFile)
    problems = first_of_each_file(document.problems)
    told = [one for one in problems if "insidr" in one.message]
    assert len(problems) == 201
    assert len(told) > 180
    assert all(one.excerpt for one in problems[:200])
    assert problems[-1].message == f"campaign.yaml has {len(document.problems) - 200} more mistakes"
