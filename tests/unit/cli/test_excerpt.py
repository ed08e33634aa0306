"""A problem in the terminal: code, place, line, caret under the very columns, help."""

from __future__ import annotations

import pytest

from lovecampaign.cli.output.excerpt import WIDEST, format_problem
from lovecampaign.core.problems import Place, Problem, Severity


def problem(excerpt: str | None, column: int, width: int = 1, **more: str) -> Problem:
    return Problem(
        code="LC011",
        message=more.get("message", "a colon too many"),
        place=Place(file="campaign.yaml", line=12, column=column),
        hint=more.get("hint"),
        excerpt=excerpt,
        width=width,
    )


def test_it_reads_like_rustc() -> None:
    shown = format_problem(
        problem("subject: Day 3: why", 10, 10, hint="put quotes around it"), color=False
    )
    assert shown == (
        "error[LC011]: a colon too many\n"
        "  --> campaign.yaml:12:10\n"
        "   |\n"
        "12 | subject: Day 3: why\n"
        "   |          ^^^^^^^^^^\n"
        "   = help: put quotes around it"
    )


def test_a_problem_without_a_place_is_its_message() -> None:
    bare = Problem(code="LC200", message="no sender", severity=Severity.WARNING)
    assert format_problem(bare, color=False) == "warning[LC200]: no sender"


@pytest.mark.parametrize(
    ("excerpt", "column", "caret"),
    [
        ("ab", 3, "  ^"),
        ("日本: x", 5, "      ^"),
        ("e\u0301a: x", 4, "  ^"),
        ("\ta", 2, " ^"),
        ("", 1, "^"),
    ],
)
def test_the_caret_stands_under_its_character(excerpt: str, column: int, caret: str) -> None:
    lines = format_problem(problem(excerpt, column), color=False).splitlines()
    assert lines[4] == f"   | {caret}"


def test_a_long_line_is_shown_around_the_caret() -> None:
    line = "x" * 5000 + "HERE" + "y" * 5000
    shown = format_problem(problem(line, 5001, 4), color=False).splitlines()
    text, caret = shown[3][5:], shown[4][5:]
    assert len(text) <= WIDEST + 2
    assert text[caret.index("^") : caret.rindex("^") + 1] == "HERE"


def test_what_a_file_says_cannot_steer_the_terminal() -> None:
    evil = "\x1b[2J\x07\u202e"
    shown = format_problem(problem(evil, 1, message=evil, hint=evil), color=False)
    assert not set(evil) - {"[", "2", "J"} & set(shown)


def test_colour_only_adds_colour() -> None:
    found = problem("subject: x", 10, hint="so")
    plain = format_problem(found, color=False)
    colored = format_problem(found, color=True)
    assert "\x1b[" in colored
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[1;34m", "\x1b[1;31m"):
        colored = colored.replace(code, "")
    assert colored == plain
