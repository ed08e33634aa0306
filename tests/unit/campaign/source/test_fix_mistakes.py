"""Frequent YAML mistakes are found, explained in words, and corrected in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import make_source
from lovecampaign.core.problems import Problem, Severity
from lovecampaign.testing.campaigns import write_campaign


def problems_of_day(tmp_path: Path, front: str) -> tuple[Problem, ...]:
    text = f"---\n{front}\n---\nHello.\n"
    folder = write_campaign(tmp_path, days=2, files={"days/02-day-2.md": text})
    return load_campaign(folder, tmp_path).problems


@pytest.mark.parametrize(
    ("front", "code", "column", "words", "hint"),
    [
        (
            "subject: Day 3: why",
            ProblemCode.COLON_IN_VALUE,
            10,
            "a colon and a space inside a value",
            'subject: "Day 3: why"',
        ),
        (
            "subject: {{ first_name }}",
            ProblemCode.BARE_BRACES,
            10,
            "needs quotes",
            'subject: "{{ first_name }}"',
        ),
        (
            "subject: 'Ana's day'",
            ProblemCode.QUOTE_INSIDE,
            10,
            "reads only 'Ana'",
            'subject: "Ana\'s day"',
        ),
        (
            'subject: "a "quoted" word"',
            ProblemCode.QUOTE_INSIDE,
            10,
            'reads only "a "',
            "subject: 'a \"quoted\" word'",
        ),
        (
            'subject: "Day 3" and more',
            ProblemCode.QUOTE_INSIDE,
            10,
            'reads only "Day 3"',
            "subject: '\"Day 3\" and more'",
        ),
        (
            "subject: [Important] Read on",
            ProblemCode.SPECIAL_FIRST_CHARACTER,
            10,
            "all of it is [Important]",
            'subject: "[Important] Read on"',
        ),
        (
            "subject: Hi\nquestion: {{ first_name }}, why?",
            ProblemCode.MERGE_FIELD,
            11,
            "printed as it is",
            "plain words",
        ),
        (
            "subject: @you",
            ProblemCode.SPECIAL_FIRST_CHARACTER,
            10,
            "starts with @",
            'subject: "@you"',
        ),
        (
            "subject: %off",
            ProblemCode.SPECIAL_FIRST_CHARACTER,
            10,
            "starts with %",
            'subject: "%off"',
        ),
        ("subject: *now*", ProblemCode.SPECIAL_FIRST_CHARACTER, 10, "refers to another", '"*now*"'),
        ("subject: &more", ProblemCode.SPECIAL_FIRST_CHARACTER, 10, "is a label", '"&more"'),
        ("subject: !wow", ProblemCode.SPECIAL_FIRST_CHARACTER, 10, "a kind of value", '"!wow"'),
        ("subject: `x`", ProblemCode.SPECIAL_FIRST_CHARACTER, 10, "starts with `", '"`x`"'),
        (
            "subject: Win #1 spot",
            ProblemCode.CUT_BY_HASH,
            10,
            "only 'Win' is left",
            '"Win #1 spot"',
        ),
        ("subject: #1 spot", ProblemCode.CUT_BY_HASH, 10, "no value here", '"#1 spot"'),
        ("subject: - a dash", ProblemCode.SPECIAL_FIRST_CHARACTER, 10, "a list", '"- a dash"'),
        ("subject: ? why", ProblemCode.SPECIAL_FIRST_CHARACTER, 10, "a key", '"? why"'),
        ("subject: , and", ProblemCode.SPECIAL_FIRST_CHARACTER, 10, "starts with ,", '", and"'),
        ("subject: 010", ProblemCode.TEXT, 10, "reads a number", '"010"'),
        ("subject: .5", ProblemCode.TEXT, 10, "reads a number", '".5"'),
        ("subject: 'a' and 'b'", ProblemCode.QUOTE_INSIDE, 10, "reads only 'a'", "\"'a' and 'b'\""),
        ("subject: 'it's", ProblemCode.QUOTE_INSIDE, 10, "reads only 'it'", '"it\'s"'),
        ('subject: "so "hi"', ProblemCode.QUOTE_INSIDE, 10, 'only "so "', "'so \"hi\"'"),
        ("subject: “Hi”, she said: go", ProblemCode.CURLY_QUOTES, 10, "curly quotes", "put quotes"),
        ("subject: Hi\nguest:\n\tname: Mai", ProblemCode.TAB, 1, "a tab", "use spaces"),
        ("with_tags: [a, {{ b }}]\nsubject: Hi", ProblemCode.BARE_BRACES, 17, "brackets", "quotes"),
        ("subject: Hi\nguest: {name: 1,299}", ProblemCode.COMMA_SPLITS, 17, "299", '"1,299 EUR"'),
        ("subject: Hi\nguest: {name: 0,1%}", ProblemCode.COMMA_SPLITS, 17, "1%", "put quotes"),
        ("subject: Hi\nguest: {name: Ana, Ben}", ProblemCode.COMMA_SPLITS, 20, "Ben", "[one, two]"),
        ("subject: Hi\nguest: {name: #1}", ProblemCode.CUT_BY_HASH, 8, "closing bracket", "quotes"),
    ],
)
def test_each_mistake_is_explained_at_its_place(
    tmp_path: Path, front: str, code: ProblemCode, column: int, words: str, hint: str
) -> None:
    first = problems_of_day(tmp_path, front)[0]
    assert first.code == code
    assert words in first.message
    assert hint in (first.hint or "")
    assert first.place is not None
    assert (first.place.file, first.place.column) == (
        "campaigns/test-month/days/02-day-2.md",
        column,
    )
    assert first.excerpt == f"---\n{front}".split("\n")[(first.place.line or 0) - 1]


def test_a_line_with_a_mistake_is_reported_once_and_the_others_still_are(
    tmp_path: Path,
) -> None:
    problems = problems_of_day(
        tmp_path, "subject: Day 3: why\nkind: {{ kind }}\npreheader: @x\nkid: 1"
    )
    assert [problem.code for problem in problems] == [
        ProblemCode.COLON_IN_VALUE,
        ProblemCode.MERGE_FIELD,
        ProblemCode.SPECIAL_FIRST_CHARACTER,
        ProblemCode.UNKNOWN_KEY,
    ]


def test_a_comment_behind_prose_is_a_warning_and_behind_anything_else_is_nothing(
    tmp_path: Path,
) -> None:
    (problem,) = problems_of_day(tmp_path, "subject: Our # 1\nkind: tool # a tool")
    assert problem.code == ProblemCode.CUT_BY_HASH
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize(
    "front",
    [
        "subject: “Day 3: why”",
        "subject: ‘Day 3: it’s time’",
        "subject: “say \\o/ at 9: now”",
        "\u00a0\u00a0subject\u00a0:\u00a0Hello",
        "subject: Hello\nguest: {name: “Dr Mai: Tran”,\u00a0role: “Soil, mostly”}",
        "subject: >\n  Day 3: why\n  and @how",
        'subject: "Day 3:\n  why: so"',
        "subject: 'Ana''s\n  day: it''s here'",
        'subject: "She said\n  \\"hi\\" and\n  wrote: this #1 thing"\npreheader: Hello',
        "subject: https://bloom.example/#top",
        "subject: Hi {{ first_name }}",
        "subject: Hello\nguest: {name: Mai,\n  role: Soil}",
        "subject: 'It''s the ''day'''   # of days",
        'subject: "Say \\"yes\\" to it"',
        "subject: Hello\nwith_tags: ['a b', \"c]\"]   # two",
    ],
)
def test_what_word_processors_write_and_what_is_right_is_accepted(
    tmp_path: Path, front: str
) -> None:
    assert problems_of_day(tmp_path, front) == ()


def test_quotes_and_spaces_inside_a_text_stay_as_written(tmp_path: Path) -> None:
    text = "---\nsubject: “Oui\u00a0! C’est «\u00a0jour 3\u00a0»: voilà”\n---\nHello.\n"
    folder = write_campaign(tmp_path, days=2, files={"days/02-day-2.md": text})
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    assert campaign.day_emails[1].subject == "Oui\u00a0! C’est «\u00a0jour 3\u00a0»: voilà"


def test_a_file_indented_with_tabs_is_one_mistake() -> None:
    source = make_source("f", "a:\n\tb: 1\n\tc: 2\n\td: 3")
    fixed = fix_lines(source, 1, 4)
    assert [problem.code for problem in fixed.problems] == [ProblemCode.TAB]
    assert fixed.text == "a:\n  b: 1\n  c: 2\n  d: 3\n"


def test_lines_before_the_stretch_come_back_empty_so_that_numbers_stay() -> None:
    source = make_source("f", "---\na: 1\n---\nNot: yaml: at all")
    assert fix_lines(source, 2, 2).text == "\na: 1\n"
