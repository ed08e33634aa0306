"""A mistyped word gets the one near choice, and none where it is unsure."""

from __future__ import annotations

import pytest

from lovecampaign.core.suggestions import nearest


@pytest.mark.parametrize(
    ("word", "choices", "near"),
    [
        ("sendr", ["sender", "sending"], "sender"),
        ("CHEK", ["check", "schema"], "check"),
        ("non-bought", ["audience", "insiders", "bought", "not-bought"], "not-bought"),
        ("unsubscibe", ["unsubscribe", "subscribers"], "unsubscribe"),
        ("dya-01", ["day-01", "day-02"], "day-01"),
    ],
)
def test_a_typo_leads_to_the_word(word: str, choices: list[str], near: str) -> None:
    assert nearest(word, choices) == near


@pytest.mark.parametrize(
    ("word", "choices"),
    [
        ("subscribe", ["unsubscribe", "import"]),
        ("unpause", ["pause", "resume"]),
        ("with_tags", ["without_tags", "deal"]),
        ("without_tag", ["with_tags"]),
        ("tags", ["with_tags", "without_tags"]),
        ("no_tags", ["with_tags", "subject"]),
        ("not-insiders", ["audience", "insiders", "bought", "not-bought"]),
        ("outsiders", ["audience", "insiders"]),
        ("spring-2027", ["spring-2026", "autumn"]),
        ("day-31", ["day-01", "day-13"]),
        ("from-day", ["from-today", "from-day-1", "wait"]),
        ("max_per_hour", ["max_per_second", "late_after"]),
        ("last_name", ["first_name", "email"]),
    ],
)
def test_an_opposite_another_number_or_a_tie_gets_no_suggestion(
    word: str, choices: list[str]
) -> None:
    assert nearest(word, choices) is None
