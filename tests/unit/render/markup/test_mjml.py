"""MJML that the compiler would swallow or spoil is found, at its line and column."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from mjml import mjml2html

from lovecampaign.render.markup.mjml_tags import TAGS, UNSUPPORTED
from lovecampaign.render.markup.mjml_tree import parse_mjml
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.problem_codes import MEANINGS
from lovecampaign.render.model.problem_codes import RenderCode as Code
from tests.support.render_kit import FOOTER, LETTER, Workbench, in_column, recipient

LETTER_FILE = "templates/email/letter.mjml.j2"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def found(bench: Workbench, template: str) -> list[tuple[str, str]]:
    return [(problem.code, str(problem.place)) for problem in bench.problems(template=template)]


MISTAKES = [
    ("<mj-txt>x</mj-txt>", Code.MJML_UNKNOWN_TAG, 1, "did you mean mj-text?"),
    ("<p>x</p>", Code.MJML_UNKNOWN_TAG, 1, "put HTML into <mj-text> or <mj-raw>"),
    ('<mj-include path="x" />', Code.MJML_REFUSED, 1, 'use Jinja: {% include "part.mjml.j2" %}'),
    ('<mj-text colour="red">x</mj-text>', Code.MJML_UNKNOWN_ATTRIBUTE, 10, "did you mean color?"),
    ('<mj-image hrf="https://x.example" src="https://x.example/a.png" alt="" />',
     Code.MJML_UNKNOWN_ATTRIBUTE, 11, "did you mean href?"),
    ("<mj-section></mj-section>", Code.MJML_NESTING, 1,
     "it is allowed in <mj-body>, <mj-wrapper>"),
    ("<mj-column></mj-column>", Code.MJML_NESTING, 1,
     "it is allowed in <mj-group>, <mj-section>"),
    ("<mj-text><p>x</p><mj-button>y</mj-button></mj-text>", Code.MJML_NESTING, 18, None),
    ("words", Code.MJML_STRAY_TEXT, 1, "put it into <mj-text>"),
    ("<mj-text>x", Code.MJML_BROKEN, 1, "write </mj-text> where it ends"),
    ("<mj-text>x</mj-txt>", Code.MJML_BROKEN, 1, "write </mj-text> where it ends"),
    ("<mj-text align=left>x</mj-text>", Code.MJML_BROKEN, 10, 'write align="left"'),
    ("<mj-text><![CDATA[x]]></mj-text>", Code.MJML_BROKEN, 10, None),
    ("<mj-raw><!-- x</mj-raw>", Code.MJML_BROKEN, 9, None),
    ("<mj-text><script>x</script></mj-text>", Code.ACTIVE_CONTENT, 10, None),
    ('<mj-image width="{{ day.number }}px" src="https://x.example/a.png" alt="" />',
     Code.VALUE_MISPLACED, 18, None),
    ('<mj-text padding="{{ day.number }}px">x</mj-text>', Code.VALUE_MISPLACED, 19, None),
    ('<mj-text color="{{ first_name }}">x</mj-text>', Code.VALUE_MISPLACED, 17, None),
    ('<mj-text {{ first_name }}="x">x</mj-text>', Code.VALUE_MISPLACED, 10, None),
    ('<mj-text><a style="color:{{ first_name }}">x</a></mj-text>', Code.VALUE_MISPLACED, 26, None),
    ('<mj-text><td width="{{ day.number }}">x</td></mj-text>', Code.VALUE_MISPLACED, 21, None),
    ('<mj-text><b{{ day.number }}>x</b{{ day.number }}></mj-text>', None, 0, None),
    ('<mj-text><a href="java{{ first_name }}">x</a></mj-text>', Code.VALUE_MISPLACED, 23, None),
    ('<mj-text><a onclick="{{ first_name }}">x</a></mj-text>', Code.VALUE_MISPLACED, 22, None),
    ("<mj-text><!-- {{ first_name }} --></mj-text>", Code.VALUE_MISPLACED, 15, None),
    ("<mj-text><style>a {{ '{' }} {{ first_name }}</style></mj-text>", None, 0, None),
]  # fmt: skip


@pytest.mark.parametrize(("inside", "code", "column", "hint"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(
    bench: Workbench, inside: str, code: Code | None, column: int, hint: str | None
) -> None:
    problems = bench.problems(template=in_column(f"\n{inside}\n{{{{ content }}}}"))
    assert problems
    if code is None:
        return
    first = problems[0]
    assert (first.code, str(first.place)) == (code, f"{LETTER_FILE}:2:{column}")
    assert first.excerpt == inside
    if hint:
        assert first.hint == hint


COPED_WITH = [
    ("<mj-text>a <b>x</mj-text>", 12, "<b> is never closed: it ends at </mj-text>",
     "write </b> where it ends", "a <b>x</b></div>"),
    ("<mj-text><b>x<i>y</b>z</i></mj-text>", 14, "<i> is never closed: it ends at </b>",
     "write </i> where it ends", "<b>x<i>y</i></b>z</div>"),
    ("<mj-text><table><tr><td><b>x<td>y</table></mj-text>", 25,
     "<b> is never closed: it ends at </table>", "write </b> where it ends", "y</b></table></div>"),
    ("<mj-text>x</p></mj-text>", 11, "</p> closes nothing",
     "the tag that is open here is <mj-text>", ">x</div>"),
    ("<mj-text><h1>x</h2>y</mj-text>", 15, "</h2> closes nothing",
     "the tag that is open here is <h1>", "<h1>x</h1>y</div>"),
    ("<mj-text>a < b <3</mj-text>", 12, "a “<” in the text", "write &lt;", "a &lt; b &lt;3</div>"),
    ("<mj-text>a<br></br>b</mj-text>", 15, "</br> is one more line break to mail programs",
     "write <br>, or delete it", "a<br></br>b</div>"),
    ('<mj-text align="left" align="right">x</mj-text>', 23,
     'align is given twice: the first counts, "left", and this one, "right", does not',
     "delete one of them", "text-align:left;"),
    ('<mj-text><b class="a" CLASS="b">x</b></mj-text>', 23,
     'class is given twice: the first counts, "a", and this one, "b", does not',
     "delete one of them", '<b class="a" CLASS="b">'),
    ('<mj-image src="https://x.example/a.png" alt="A">', 1,
     "<mj-image> is never closed: it ends at </mj-column>", "write </mj-image> where it ends",
     'alt="A"'),
    ("<mj-text>x</mj-text></mj-group>", 21, "</mj-group> closes nothing",
     "the tag that is open here is <mj-column>", ">x</div>"),
]  # fmt: skip


@pytest.mark.parametrize(("inside", "column", "message", "hint", "shown"), COPED_WITH)
def test_what_npms_mjml_and_mail_programs_cope_with_is_a_warning(
    bench: Workbench, inside: str, column: int, message: str, hint: str, shown: str
) -> None:
    first, *_ = bench.problems(template=in_column(f"{{{{ content }}}}\n{inside}"))
    assert (first.code, str(first.place)) == (Code.MJML_BROKEN, f"{LETTER_FILE}:2:{column}")
    assert (first.severity, first.message, first.hint) == ("warning", message, hint)
    assert shown in bench.render("", in_column(inside)).html


@pytest.mark.parametrize(
    "inside",
    [
        "<mj-text><ul><li>a<li>b</ul><p>c<p>d</mj-text>",
        "<mj-table><tr><th>a<td>b<tr><td>c</mj-table>",
        "<mj-text><dl><dt>a<dd>b<dt>c<dd>d</dl></mj-text>",
        "<mj-raw><style>@media (width < 600px) { p { margin: 0 } }</style></mj-raw>",
    ],
)
def test_end_tags_that_html_implies_may_be_left_out(bench: Workbench, inside: str) -> None:
    assert not bench.problems(template=in_column(f"{inside}{{{{ content }}}}"))
    assert inside.partition(">")[2].rpartition("</")[0] in bench.render("", in_column(inside)).html


def test_cells_and_items_without_end_tags_are_apart_in_the_text_part(bench: Workbench) -> None:
    items = "<mj-text><ul><li>a<li>b</ul>one</br>two</mj-text>"
    table = "<mj-table><tr><td>c<td>d<tr><td>e</mj-table>"
    text = bench.render("", in_column(items + table)).text
    assert text.startswith("- a\n- b\n\none\ntwo\n\nc, d\n\ne\n")


def test_a_template_without_its_last_end_tag_is_whole(bench: Workbench) -> None:
    [problem] = bench.problems(template=LETTER.removesuffix("</mjml>"))
    assert problem.message == "<mjml> is never closed: it ends at the end of the file"
    [problem, _] = bench.problems(template=LETTER.removesuffix("</mj-body></mjml>"))
    assert problem.severity == "error"


@pytest.mark.parametrize(("inside", "code", "column", "hint"), MISTAKES)
def test_what_check_finds_is_never_sent(
    bench: Workbench, inside: str, code: Code | None, column: int, hint: str | None
) -> None:
    with pytest.raises(RenderError) as caught:
        bench.render("", in_column(f"\n{inside}\n"))
    if code is not None:
        assert caught.value.message.startswith(f"{LETTER_FILE}:2:{column}: ")


def test_every_mistake_is_reported_at_once_in_file_order(bench: Workbench) -> None:
    template = in_column('\n<mj-txt>x</mj-txt>\n<mj-text colr="a">x</mj-text>\nwords {{ content }}')
    assert found(bench, template) == [
        ("LC111", f"{LETTER_FILE}:2:1"),
        ("LC112", f"{LETTER_FILE}:3:10"),
        ("LC115", f"{LETTER_FILE}:4:1"),
    ]


def test_a_place_leads_through_extends_includes_macros_and_loops(bench: Workbench) -> None:
    bench.write_template("base", in_column("\n\n  {% block a %}{% endblock %}{{ content }}"))
    bench.write_template("part", "{# part #}\n <mj-prt />\n")
    bench.write_template("macros", "{% macro m(x) %}\n\n{{ x }}<mj-mcr />{% endmacro %}")
    problems = bench.problems(
        template='{% extends "base.mjml.j2" %}\n{% import "macros.mjml.j2" as k %}{% block a %}\n'
        '{%- for n in [1, 2] -%}\n   <mj-lop>{{ n }}</mj-lop>{% include "part.mjml.j2" %}'
        "{{ k.m('') }}{% endfor %}{% endblock %}"
    )
    assert {(problem.message.split()[0], str(problem.place)) for problem in problems} == {
        ("<mj-lop>", f"{LETTER_FILE}:4:4"),
        ("<mj-prt>", "templates/email/part.mjml.j2:2:2"),
        ("<mj-mcr>", "templates/email/macros.mjml.j2:3:8"),
    }


@pytest.mark.parametrize(
    "template",
    [
        "",
        "words",
        "<mj-body></mj-body>",
        "<mjml></mjml>",
        f"<mjml><mj-body>{FOOTER}</mj-body></mjml>trailing",
        "<mjml><mj-body></mj-body></mjml><mjml></mjml>",
        "<?xml version='1.0'?><mjml><mj-body></mj-body></mjml>",
        "<mjml><mj-body><mj-section></mj-body></mjml>",
        "<mjml><mj-body",
        '<mjml><mj-body css-class="x></mj-body></mjml>',
    ],
)
def test_a_template_that_is_no_mjml_document_is_a_problem(bench: Workbench, template: str) -> None:
    assert bench.problems("", template=template)


@pytest.mark.parametrize(
    "alt", ["👨‍👩‍👧‍👦 family", "no\u00a0break", "soft\u00adhyphen", "e\u0301", "a\nb",
            "back\\slash", "tab\there", "\u200fשלום", "\ufeffbom", "漢字"]
)  # fmt: skip
def test_characters_that_the_compiler_spoils_in_attributes_come_through(
    bench: Workbench, alt: str
) -> None:
    written = bench.render(
        "", in_column(f'<mj-image src="https://x.example/a.png" alt="{alt}" />')
    ).html
    read = re.search(r'alt="([^"]*)"', written)
    assert read is not None
    assert html.unescape(read[1]) == alt
    assert "\\u{" not in written


def test_double_quotes_in_a_single_quoted_attribute_come_through(bench: Workbench) -> None:
    inside = "<mj-image src='https://x.example/a.png' alt='say \"hi\" {{ first_name }}' />"
    written = bench.render("", in_column(inside), first_name='"A"').html
    assert 'alt="say &#34;hi&#34; &quot;A&quot;"' in written


def test_entities_ampersands_comments_and_void_tags_are_fine(bench: Workbench) -> None:
    inside = (
        "<mj-text>a &amp; b & c&nbsp;d<br>e<hr/><img src='https://x.example/a.png' alt=''>"
        "<!-- note --></mj-text><mj-raw><!--[if mso]><table><tr><td><![endif]--></mj-raw>"
        "<mj-raw><!--[if mso]></td></tr></table><![endif]--></mj-raw>{{ content }}"
    )
    assert not bench.problems(template=in_column(inside))


def test_a_conditional_comment_is_balanced_and_its_values_are_escaped(bench: Workbench) -> None:
    inside = "<mj-text><!--[if mso]><b>{{ first_name }}</b><![endif]--></mj-text>"
    written = bench.render("", in_column(inside), first_name="--><i>").html
    assert "<!--[if mso]><b>--&gt;&lt;i&gt;</b><![endif]-->" in written


def test_brand_colours_stand_in_styles_and_attributes(bench: Workbench) -> None:
    written = bench.render(
        "",
        "<mjml><mj-head><mj-style>.a { color: {{ brand.color }}; }</mj-style></mj-head><mj-body>"
        f'<mj-section background-color="{{{{ brand.color_dark }}}}"></mj-section>{FOOTER}</mj-body>'
        "</mjml>",
    ).html
    assert ".a { color: #a8324a; }" in written


def test_language_direction_title_preheader_and_colour_scheme_are_always_there(
    bench: Workbench,
) -> None:
    renderer = bench.renderer(
        bench.email(subject="Hi {{ first_name }}", preheader="Psst <b>"), language="ar"
    )
    written = renderer.render(recipient("A&B")).html
    assert '<html lang="ar" dir="rtl"' in written
    assert "<title>Hi A&amp;B</title>" in written
    assert ">Psst &lt;b&gt;</div>" in written
    assert '<meta name="color-scheme" content="light dark" />' in written
    assert '<meta name="supported-color-schemes" content="light dark" />' in written


@pytest.mark.parametrize("template", [None, "<mj-preview>Two minutes</mj-preview>"])
def test_the_preheader_is_hidden_without_white_text(bench: Workbench, template: str | None) -> None:
    """White on white, or one pixel high, is a trick for spam filters (HTML_FONT_LOW_CONTRAST)."""
    email = bench.email(preheader="Two minutes")
    if template is None:
        written = bench.renderer(email).render(recipient()).html
    else:
        page = f"<mjml><mj-head>{template}</mj-head><mj-body>{FOOTER}</mj-body></mjml>"
        written = bench.render("", page).html
    (style,) = re.findall(r'<div style="([^"]*)">Two minutes</div>', written)
    assert style.startswith("display:none;mso-hide:all;")
    assert "color" not in style
    assert "font-size" not in style


def test_a_template_may_say_these_things_itself(bench: Workbench) -> None:
    written = bench.render(
        "",
        '<mjml lang="{{ campaign.language }}" dir="{{ campaign.direction }}"><mj-head><mj-title>Own'
        '</mj-title><mj-preview>own</mj-preview><mj-raw><meta name="color-scheme" content="only" />'
        f"</mj-raw></mj-head><mj-body>{FOOTER}</mj-body></mjml>",
    ).html
    assert '<html lang="en" dir="ltr"' in written
    assert written.count("<title>") == 1
    assert "Two minutes" not in written
    assert written.count("color-scheme") == 1


def test_the_table_of_tags_is_one_that_the_compiler_takes() -> None:
    """Each tag, in each place the table allows and with all its attributes, compiles."""
    for name, tag in TAGS.items():
        if "html-attribute" in name or name == "mj-selector":  # applied to the compiled HTML
            continue
        for parent in (one for one, holder in TAGS.items() if name in holder.children):
            attributes = "".join(f' {one}="1px"' for one in sorted(tag.attributes))
            source = _wrapped(parent, f"<{name}{attributes}></{name}>")
            assert mjml2html(source)


def test_tags_that_are_called_unsupported_are() -> None:
    for name in UNSUPPORTED:
        with pytest.raises(ValueError, match=r".+"):
            mjml2html(f"<mjml><mj-head><{name}><x /></{name}></mj-head><mj-body></mj-body></mjml>")


def _wrapped(parent: str, inside: str) -> str:
    while parent != "mjml":
        inside = f"<{parent}>{inside}</{parent}>"
        parent = next(one for one, tag in TAGS.items() if parent in tag.children)
    body = "" if "<mj-body" in inside else "<mj-body></mj-body>"
    return f"<mjml>{inside}{body}</mjml>"


@pytest.mark.parametrize(
    "source", ["<", "<a", "<a b", "<a b='", "</", "</a", "<!--", "<!", "<?", ""]
)
def test_half_tags_never_raise(source: str) -> None:
    parse_mjml(source)


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Code)
    assert all(re.fullmatch(r"LC1[0-4][0-9]", code) for code in Code)
