"""Directives become buttons before Jinja reads the copy."""

from __future__ import annotations

import pytest

from lovecampaign.render.markup.actions import expand_actions, find_action

BUTTON = "[[button: Why? | {{ links.answer }}]]"


@pytest.mark.parametrize(
    ("copy", "expanded"),
    [
        ("[[answer: Why?]]", BUTTON),
        ("Hi.\n\n  [[ Answer :  Why? ]] \n\nBye.", f"Hi.\n\n{BUTTON}\n\nBye."),
        ("[[answer: A | B]]", "[[button: A | B | {{ links.answer }}]]"),
    ],
)
def test_a_question_is_a_button_to_its_page(copy: str, expanded: str) -> None:
    assert expand_actions(copy) == expanded


@pytest.mark.parametrize(
    "copy",
    [
        "Write [[answer: Why?]]",
        "[[answer: ]]",
        "[[answered: Why?]]",
        "[[button: Why? | https://a.example]]",
        "```\n[[answer: Why?]]\n```",
        "    [[answer: Why?]]",
        "No brackets.",
    ],
)
def test_anything_else_stays(copy: str) -> None:
    assert expand_actions(copy) == copy


def test_a_day_in_another_letter_names_itself() -> None:
    assert "links.answer }}?day=day-04" in expand_actions("[[answer: Why?]]", "day-04")


def test_the_first_question_is_found_outside_of_code() -> None:
    copy = "```\n[[answer: No?]]\n```\n\n[[answer: Yes?]]\n\n[[answer: Later?]]"

    assert find_action(copy, "answer") == "Yes?"
    assert find_action("[[answer: Yes?]]", "gift") is None
