"""``mj-html-attributes`` gives attributes to the HTML tags that a selector matches."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lovecampaign.render.model.problem_codes import RenderCode as Code
from tests.support.render_kit import LETTER, Workbench, recipient


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def template(path: str, attribute: str = '<mj-html-attribute name="data-id">42</mj-html-attribute>',
             body: str = "") -> str:  # fmt: skip
    head = (
        f"<mj-head><mj-html-attributes><mj-selector path='{path}'>{attribute}</mj-selector>"
        "</mj-html-attributes></mj-head>"
    )
    written = (
        '<mj-section css-class="wide"><mj-column><mj-text css-class="a one">A<b id="x">1</b>'
        '</mj-text><mj-text css-class="a">B <a class="y" href="https://b.example">2</a>'
        f"</mj-text>{body}</mj-column></mj-section>"
    )
    return LETTER.replace("<mj-body>", f"{head}<mj-body>{written}")


@pytest.mark.parametrize(
    ("path", "tags"),
    [
        (".a div", ["div", "div"]),
        (".one > div", ["div"]),
        (".wide > div", []),
        ("#x", ["b"]),
        ("div b, a.y", ["b", "a"]),
        ('a[href="https://b.example"]', ["a"]),
        ("td.a[class] > div > a[href]", ["a"]),
        (".a.one", ["td"]),
        (".wide .one *", ["div", "b"]),
        ("td .nothing", []),
        ("head, meta, body", []),
    ],
)
def test_a_selector_matches_tags_as_in_css(bench: Workbench, path: str, tags: list[str]) -> None:
    assert not bench.problems(template=template(path))
    html = bench.render("Hello", template(path)).html
    assert re.findall(r'<(\w+)[^>]* data-id="42"', html) == tags


def test_a_present_attribute_is_replaced_and_values_are_quoted(bench: Workbench) -> None:
    attributes = (
        '<mj-html-attribute name="href">https://c.example/?a=1&amp;b="2"</mj-html-attribute>'
        '<mj-html-attribute name="aria-label">Dear {{ first_name }}</mj-html-attribute>'
    )
    renderer = bench.renderer(bench.email("Hello"))
    bench.write_template("letter", template(".y", attributes))
    renderer = bench.renderer(bench.email("Hello"))
    html = renderer.render(recipient('A"B')).html
    assert renderer.fallback is None
    address = "https://c.example/?a=1&amp;b=&quot;2&quot;"
    assert f'<a class="y" href="{address}" aria-label="Dear A&quot;B">2</a>' in html


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (template("p:first-child"), "the selector 'p:first-child' is not supported"),
        (template(".a + .b"), "the selector '.a + .b' is not supported"),
        (template(".a,"), "the selector '.a,' is not supported"),
        (template(""), "the selector '' is not supported"),
        (
            template("a", "<mj-html-attribute>1</mj-html-attribute>"),
            "this is no attribute that mail programs keep",
        ),
        (
            template("a", '<mj-html-attribute name="onclick">1</mj-html-attribute>'),
            "this is no attribute that mail programs keep",
        ),
    ],
)
def test_what_cannot_be_applied_is_a_mistake(bench: Workbench, written: str, message: str) -> None:
    [problem] = bench.problems(template=written)
    assert (problem.code, problem.message) == (Code.MJML_REFUSED, message)


def test_a_value_is_allowed_only_where_it_is_in_html(bench: Workbench) -> None:
    attribute = '<mj-html-attribute name="data-id">{{ first_name }}</mj-html-attribute>'
    [problem] = bench.problems(template=template(".y", attribute))
    assert problem.code == Code.VALUE_MISPLACED
    assert "the attribute data-id" in problem.message
