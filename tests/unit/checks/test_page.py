"""The page of rules says what the rules say."""

from __future__ import annotations

from lovecampaign.checks.explain import all_texts, write_page
from tests.support.paths import REPOSITORY

PAGE = REPOSITORY / "docs" / "rules.md"


def test_the_page_is_made_of_the_rules_as_they_are() -> None:
    """After a change of a rule's words: python tools/write_rules_page.py"""
    assert PAGE.read_text("utf-8") == write_page()


def test_the_page_names_every_code_once() -> None:
    page = write_page()
    for code in all_texts():
        assert page.count(f"**{code}** ") + page.count(f"### {code}: ") == 1
