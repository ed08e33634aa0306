"""YAML is read by version 1.2's core schema, with places, by both of PyYAML's parsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from yaml.reader import Reader

from lovecampaign.campaign.source.fix_mistakes import fix_lines
from lovecampaign.campaign.source.parser import LOADER, core_value, read_tree
from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import UNPRINTABLE, Spot, make_source
from lovecampaign.campaign.source.tree import Scalar, Tree

ReadTree = Callable[[str], Tree]


@pytest.fixture(params=[LOADER, yaml.BaseLoader], ids=["libyaml", "pure Python"])
def tree_of(request: pytest.FixtureRequest) -> ReadTree:
    """Both parsers have to agree; some machines have only the second."""

    def read(text: str) -> Tree:
        source = make_source("f.yaml", text)
        return read_tree(source, fix_lines(source, 1, len(source.lines)), request.param)

    return read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("09:00", "09:00"),
        ("10:30", "10:30"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("2027-02-01", "2027-02-01"),
        ("1_000", "1_000"),
        ("017", 17),
        ("0o17", 15),
        ("0xff", 255),
        ("-3", -3),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("nULL", "nULL"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: Scalar) -> None:
    assert core_value(text) == value
    assert type(core_value(text)) is type(value)


def test_quoted_scalars_are_always_text(tree_of: ReadTree) -> None:
    root = tree_of("a: '1'\nb: \"true\"\nc: ''").root
    assert root is not None
    assert root.data() == {"a": "1", "b": "true", "c": ""}


def test_duplicate_keys_are_problems_that_name_the_first(tree_of: ReadTree) -> None:
    tree = tree_of("a: 1\nb:\n  c: 2\n  c: 3\n'a': 4\n")
    assert [(p.code, str(p.place)) for p in tree.problems] == [
        (ProblemCode.DUPLICATE_KEY, "f.yaml:4:3"),
        (ProblemCode.DUPLICATE_KEY, "f.yaml:5:1"),
    ]
    assert "first on line 3" in tree.problems[0].message
    assert tree.root is not None
    assert tree.root.data() == {"a": 1, "b": {"c": 2}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [1, &x 2]", ProblemCode.YAML_MACHINERY),
        ("a: [1, *x]", ProblemCode.YAML_MACHINERY),
        ("a: [!!python/object:os.system x]", ProblemCode.YAML_MACHINERY),
        ("a: 1\n---\nb: 2", ProblemCode.SECOND_DOCUMENT),
        ("[" * 5000, ProblemCode.TOO_DEEP),
        ("a: [" + "1," * 30_000 + "]", ProblemCode.TOO_DEEP),
        ("? [a, b]\n: c", ProblemCode.BARE_BRACES),
        ("a: 'open", ProblemCode.NOT_YAML),
        ("a: [1, 2", ProblemCode.NOT_YAML),
        ("a: 1\n b: 2", ProblemCode.NOT_YAML),
        ("a\nb: 1", ProblemCode.NOT_YAML),
        ("%x", ProblemCode.NOT_YAML),
        ('a: "\\q"', ProblemCode.NOT_YAML),
        ('a: "x" y', ProblemCode.QUOTE_INSIDE),
        ('a: {b: "x" y}', ProblemCode.NOT_YAML),
        ("- a\nb: 1", ProblemCode.NOT_YAML),
        ("a: 1\nb: }", ProblemCode.NOT_YAML),
    ],
)
def test_what_campaigns_do_not_use_is_a_problem_with_a_place_and_a_hint(
    tree_of: ReadTree, text: str, code: ProblemCode
) -> None:
    problem = tree_of(text).problems[0]
    assert problem.code == code
    assert problem.place is not None
    assert problem.place.line is not None
    assert problem.hint


def test_a_billion_laughs_stay_small(tree_of: ReadTree) -> None:
    lines = ["a: &a [x, x]"] + [
        f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    ]
    tree = tree_of("\n".join(lines))
    assert {problem.code for problem in tree.problems} <= {
        ProblemCode.YAML_MACHINERY,
        ProblemCode.SPECIAL_FIRST_CHARACTER,
    }
    assert len(tree.problems) >= 8


def test_an_open_quote_is_shown_where_it_opens(tree_of: ReadTree) -> None:
    problem = tree_of("a: 1\nb: 'open\nc: 2\n").problems[0]
    assert str(problem.place) == "f.yaml:2:4"
    assert "never closed" in problem.message


def test_every_setting_has_a_place(tree_of: ReadTree) -> None:
    tree = tree_of("a:\n  - x\n  - {k: 'é😀', n: 2}\nb: 3\n")
    assert tree.spot(["a", 1, "n"]) == Spot(line=3, column=18, width=1)
    assert tree.spot(["a", 1, "n"], of_key=True) == Spot(line=3, column=15, width=1)
    assert tree.spot(["b", "nothing", "here"]) == Spot(line=4, column=4, width=1)
    assert tree.has(["a", 1, "k"])
    assert not tree.has(["a", 2])


def test_what_yaml_cannot_hold_is_unprintable() -> None:
    every = "".join(map(chr, range(0x110000)))
    refused = set(Reader.NON_PRINTABLE.findall(every))
    assert set(UNPRINTABLE.findall(every)) == refused | {"\r", "\ufeff"}
