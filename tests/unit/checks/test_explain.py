"""``check --explain`` knows every code, and says why, with an example of each side."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lovecampaign
from lovecampaign.campaign.source.problem_codes import ProblemCode as LoadingCode
from lovecampaign.checks.explain import all_texts, explain
from lovecampaign.checks.ignores import NOTE_RULES
from lovecampaign.checks.registry import ALL_RULES
from lovecampaign.core.errors import UsageError
from lovecampaign.render.model.problem_codes import RenderCode as RenderingCode


@pytest.mark.parametrize("rule", [*ALL_RULES, *NOTE_RULES], ids=lambda rule: str(rule.code))
def test_a_rule_says_what_is_wanted_and_why_with_a_bad_and_a_good_example(rule: object) -> None:
    text = explain(str(getattr(rule, "code", "")))
    title, _, rest = text.partition("\n\n")
    assert "\n" not in title
    assert title.endswith(".")
    assert re.search(r"^Bad:  \S.*\n(?:  .*\n)*Good: \S", rest, re.MULTILINE)


def test_no_two_meanings_share_a_code() -> None:
    codes = [
        *(code.value for code in LoadingCode),
        *(code.value for code in RenderingCode),
        *(rule.code for rule in (*ALL_RULES, *NOTE_RULES)),
    ]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(all_texts())


def test_each_room_keeps_to_its_own_numbers() -> None:
    assert all(code.value < "LC100" for code in LoadingCode)
    assert all("LC100" <= code.value < "LC150" for code in RenderingCode)
    assert all(re.fullmatch(r"LC2\d\d", rule.code) for rule in ALL_RULES)


def test_every_rule_class_is_registered() -> None:
    folder = Path(lovecampaign.__file__).parent / "checks" / "rules"
    written = [
        name
        for file in folder.rglob("*.py")
        for name in re.findall(r"^class ([A-Z]\w+)\(", file.read_text("utf-8"), re.MULTILINE)
    ]
    assert sorted(written) == sorted(type(rule).__name__ for rule in ALL_RULES)


def test_a_code_may_be_typed_in_any_case() -> None:
    assert explain(" lc210 ") == explain("LC210")


@pytest.mark.parametrize("code", ["LC2100", "nonsense", "", "LC"])
def test_what_is_no_code_is_said_with_what_codes_look_like(code: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain(code)
    assert caught.value.hint
