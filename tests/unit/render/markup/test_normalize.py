"""What MRML ignores or reads differently from npm's mjml is normalised before it compiles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lovecampaign.render.markup.mjml_document import with_units
from lovecampaign.render.model.mj_include import with_jinja_includes
from lovecampaign.render.model.problem_codes import RenderCode as Code
from tests.support.render_kit import FOOTER, LETTER, Workbench, in_column, recipient

LETTER_FILE = "templates/email/letter.mjml.j2"
TEXT = "<mj-text>Words</mj-text>"
SECTION = f"<mj-section><mj-column>{TEXT}</mj-column></mj-section>"


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def document(head: str, body: str = "") -> str:
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{body}{FOOTER}</mj-body></mjml>"


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("padding", "0 36px", "0px 36px"),
        ("padding", "0", "0px"),
        ("padding", " 0\n 0.0  -0 12PX ", "0px 0px 0px 12px"),
        ("padding", "10px 0.5px 100px 0%", "10px 0.5px 100px 0%"),
        ("inner-padding", "0 8px", "0px 8px"),
        ("border", "0 solid #000", "0px solid #000"),
        ("border-radius", "0", "0px"),
        ("width", "200", "200px"),
        ("width", "50%", "50%"),
        ("height", "0", "0px"),
        ("cellpadding", "0", "0"),
        ("line-height", "0", "0"),
        ("alt", "0 euros", "0 euros"),
        ("href", "https://A.example/0", "https://A.example/0"),
    ],
)
def test_lengths_have_units(name: str, written: str, read: str) -> None:
    assert with_units(name, written) == read


@pytest.mark.parametrize(
    "template",
    [
        document("", f'<mj-section padding="0 36px"><mj-column>{TEXT}</mj-column></mj-section>'),
        document(
            '<mj-attributes><mj-section padding="0 36px" /></mj-attributes>',
            f"<mj-section><mj-column>{TEXT}</mj-column></mj-section>",
        ),
        document(
            '<mj-attributes><mj-class name="wide" padding="0 36px" /></mj-attributes>',
            f'<mj-section mj-class="wide"><mj-column>{TEXT}</mj-column></mj-section>',
        ),
        document(
            '<mj-attributes><mj-class name="wide"><mj-section padding="0 36px" /></mj-class>'
            "</mj-attributes>",
            f'<mj-wrapper mj-class="wide" padding="0">{SECTION}</mj-wrapper>',
        ),
    ],
)
def test_the_padding_of_a_section_counts_for_the_width_in_outlook(
    bench: Workbench, template: str
) -> None:
    before = bench.render("", template).html.partition("Words")[0]
    assert re.findall(r"<td [^>]*width:(\d+)px", before)[-1:] == ["528"]


def test_the_letters_of_the_example_have_no_zero_without_a_unit() -> None:
    for file in Path("templates/email").glob("*.mjml.j2"):
        assert not re.search(r'padding[a-z-]*="(?:[^"]* )?0[ "]', file.read_text("utf-8")), file


def test_values_are_the_same_on_both_paths_of_rendering(bench: Workbench) -> None:
    template = document(
        '<mj-attributes><mj-class name="a" css-class="x" /><mj-text padding="0 5px" />'
        "</mj-attributes><mj-title>{{ day.subject }}</mj-title>",
        "<mj-wrapper><mj-raw><p>{{ first_name }}</p></mj-raw><mj-section><mj-column>"
        '<mj-navbar base-url="https://a.example"><mj-navbar-link href="/{{ first_name }}">Me'
        '</mj-navbar-link></mj-navbar><mj-text mj-class="a">{{ content }}</mj-text></mj-column>'
        "</mj-section></mj-wrapper>",
    ).replace('<mj-text mj-class="a">{{ content }}</mj-text>', "{{ content }}")
    bench.write_template("letter", template)
    renderer = bench.renderer(bench.email("Dear {{ first_name }}"))
    for name in ("Ana", "A&B", ""):
        renderer.render(recipient(name))  # compares the fast path with the plain one
    assert renderer.fallback is None
    assert "https://a.example/A%26B" in renderer.render(recipient("A&B")).html


def test_two_heads_are_one(bench: Workbench) -> None:
    template = document("<mj-style>.a{color:red}</mj-style>", SECTION).replace(
        "<mj-body>",
        "<mj-head><mj-style>.b{color:red}</mj-style><mj-title>{{ day.subject }}, again</mj-title>"
        "</mj-head><mj-body>",
        1,
    )
    html = bench.render("", template).html
    assert ".a{color:red}" in html
    assert ".b{color:red}" in html
    assert "<title>The soil test, again</title>" in html
    assert "Two minutes" in html


def test_a_title_is_a_label_too(bench: Workbench) -> None:
    title = '<mj-title>&ldquo;A&rdquo; &amp; <!-- c -->{{ first_name }}\'s "B"</mj-title>'
    html = bench.render("", document(title)).html
    assert '<title>&ldquo;A&rdquo; &amp; Ana\'s "B"</title>' in html
    assert 'aria-label="&ldquo;A&rdquo; &amp; Ana\'s &quot;B&quot;"' in html


def test_a_style_for_dark_mode_is_no_declaration_of_colour_schemes(bench: Workbench) -> None:
    style = "<mj-style>@media (prefers-color-scheme: dark) { .a { color: #fff } }</mj-style>"
    assert (
        '<meta name="color-scheme" content="light dark" />'
        in bench.render("", document(style)).html
    )


@pytest.mark.parametrize(
    ("own", "replaced"),
    [
        ("<mj-preview>Static</mj-preview>", "preheader"),
        ("<mj-title>Static</mj-title>", "subject"),
        ("<mj-title>{{ day.subject }}</mj-title><mj-preview>{{ preheader }}!</mj-preview>", None),
        ("<mj-title> </mj-title><mj-preview></mj-preview>", None),
    ],
)
def test_words_of_a_template_that_replace_those_of_the_day_are_a_problem(
    bench: Workbench, own: str, replaced: str | None
) -> None:
    template = LETTER.replace("<mjml>", f"<mjml>\n<mj-head>{own}</mj-head>")
    problems = bench.problems(template=template)
    assert [(one.code, str(one.place), one.severity) for one in problems] == (
        [(Code.DAY_REPLACED, f"{LETTER_FILE}:2:10", "warning")] if replaced else []
    )
    assert all(f"the {replaced} of every day" in one.message for one in problems)


@pytest.mark.parametrize(
    "body",
    [
        f"<mj-wrapper>{SECTION}<mj-raw><p>RAW</p></mj-raw>{SECTION}</mj-wrapper>",
        f"<mj-wrapper><mj-raw><p>RAW</p></mj-raw>{SECTION}</mj-wrapper>",
        f"<mj-wrapper>{SECTION}<mj-raw><p>RAW</p></mj-raw></mj-wrapper>",
        f"<mj-section><mj-column>{TEXT}</mj-column><mj-raw><p>RAW</p></mj-raw></mj-section>",
        f"{SECTION}<mj-raw><p>RAW</p></mj-raw>{SECTION}",
    ],
)
def test_raw_html_is_for_all_mail_programs(bench: Workbench, body: str) -> None:
    html = bench.render("", document("", body)).html
    before = html.partition("<p>RAW</p>")[0]
    assert before.rfind("<![endif]") > before.rfind("<!--[if mso")
    assert html.count("<!--[if") == html.count("<![endif]")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<MJ-TEXT>a<BR>b</MJ-TEXT>", "a<BR>b"),
        ('<mj-text><IMG src="https://x.example/a.png" alt="A"></IMG></mj-text>', "</IMG>"),
        ("<mj-text><!-- a -- b -->c</mj-text>", "<!-- a -- b -->c"),
        ("<mj-raw><!--[if mso]><b>b<![endif]--></mj-raw>", "<!--[if mso]><b>b<![endif]-->"),
        ("<mj-text><b class=x>y</b></mj-text>", "<b class=x>y</b>"),
        ("<mj-raw>{ if a < 5 }</mj-raw>", "{ if a < 5 }"),
        ("<mj-raw><i><b></mj-raw><mj-text>x</mj-text><mj-raw></b></i></mj-raw>", "</b></i>"),
        ("<!-- a -- b --><mj-text>c</mj-text><!-- {{ first_name }} -->", ">c<"),
        ('<mj-text font-family="A &amp; B">it’s – 漢字 &nbsp;</mj-text>', "it’s – 漢字 &nbsp;"),
    ],
)  # fmt: skip
def test_html_stays_as_its_author_wrote_it(bench: Workbench, written: str, shown: str) -> None:
    assert not bench.problems(template=in_column(f"{written}{{{{ content }}}}"))
    assert shown in bench.render("", in_column(written)).html


def test_comments_capitals_and_declarations_are_taken_at_every_place(bench: Workbench) -> None:
    template = (
        '<!DOCTYPE mjml>\n<!-- a -- b --><MJML version="4"><!-- c --><mj-head><!-- d -->'
        "<mj-title>{{ day.subject }}<!-- e --></mj-title><mj-attributes><!-- f -->"
        '<mj-class name="x" color="#111111"><!-- g --></mj-class></mj-attributes></mj-head>'
        f"<MJ-BODY><!-- h -->{in_column('{{ content }}').partition('<mj-body>')[2]}"
    ).replace("</mj-body></mjml>", "</MJ-BODY></MJML>")
    assert not bench.problems(template=template)
    html = bench.render("Hello", template).html
    assert "<title>The soil test</title>" in html
    assert "Hello" in html


def test_a_mistake_below_what_was_normalised_keeps_its_line(bench: Workbench) -> None:
    template = (
        "<!DOCTYPE mjml>\n<!-- a\n-- b -->\n<mjml>\n<mj-head>\n<mj-title>x</mj-title>"
        '\n</mj-head>\n<mj-head></mj-head><mj-body>\n<mj-section padding="0 3px">\n'
        f"  <mj-txt />\n</mj-section>\n{FOOTER}</mj-body></mjml>"
    )
    assert [str(one.place) for one in bench.problems("", template=template)] == [
        f"{LETTER_FILE}:10:3"
    ]


@pytest.mark.parametrize(
    ("classes", "own", "color"),
    [
        ("a b", "", "#bbbbbb"),
        ("b a", "", "#aaaaaa"),
        ("a b", ' color="#cccccc"', "#cccccc"),
        ("", "", "#dddddd"),
        ("unknown", "", "#dddddd"),
    ],
)
def test_attributes_count_in_the_order_of_npms_mjml(
    bench: Workbench, classes: str, own: str, color: str
) -> None:
    head = (
        '<mj-attributes><mj-all color="#eeeeee" /><mj-text color="#dddddd" />'
        '<mj-class name="a" color="#aaaaaa" css-class="one" />'
        '<mj-class name="b" color="#bbbbbb" css-class="two" /></mj-attributes>'
    )
    text = f'<mj-text mj-class="{classes}"{own}>X</mj-text>'
    body = f"<mj-section><mj-column>{text}</mj-column></mj-section>"
    html = bench.render("", document(head, body)).html
    assert f'color:{color};">X' in html
    assert ('class="one two"' in html) == (classes == "a b")


@pytest.mark.parametrize(
    ("family", "is_linked"), [("Lato", True), ("Inter", True), ("Georgia", False)]
)
def test_only_fonts_that_are_used_are_fetched(
    bench: Workbench, family: str, *, is_linked: bool
) -> None:
    head = (
        '<mj-font name="Inter" href="https://f.example/i.css?a=1&amp;b=2" /><mj-attributes>'
        '<mj-all font-family="Georgia" /></mj-attributes>'
    )
    body = (
        f'<mj-section><mj-column><mj-text><b style="font-family:{family}">x</b></mj-text>'
        "</mj-column></mj-section>"
    )
    html = bench.render("", document(head, body)).html
    assert ("<link" in html) is is_linked
    assert ("@import url(https://f.example/i.css?a=1&b=2);" in html) == (family == "Inter")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('padding="20px" padding-top="40px"', "40px 20px 20px 20px"),
        ('padding="1px 2px 3px" padding-left="0"', "1px 2px 3px 0px"),
        ('padding="1px 2px"', "1px 2px 1px 2px"),
    ],
)
def test_one_side_of_the_padding_counts_in_an_accordion(
    bench: Workbench, written: str, read: str
) -> None:
    inside = (
        f"<mj-accordion><mj-accordion-element><mj-accordion-title {written}>A</mj-accordion-title>"
        "<mj-accordion-text>B</mj-accordion-text></mj-accordion-element></mj-accordion>"
    )
    assert f"padding:{read};" in bench.render("", in_column(inside)).html


def test_the_arrows_of_a_carousel_are_hidden_from_yahoo_alone(bench: Workbench) -> None:
    image = '<mj-carousel-image src="https://a.example/a.png" alt="A" />'
    html = bench.render("", in_column(f"<mj-carousel>{image}{image}</mj-carousel>")).html
    assert "@media screen yahoo {" in html
    assert "@media screen, yahoo" not in html


def test_a_navigation_bar_completes_only_addresses_that_lack_a_host(bench: Workbench) -> None:
    inside = (
        '<mj-navbar base-url="https://a.example"><mj-navbar-link href="/b">B</mj-navbar-link>'
        '<mj-navbar-link href="https://c.example/d">D</mj-navbar-link></mj-navbar>'
    )
    message = bench.render("", in_column(inside))
    assert re.findall(r'href="(https://[ac]\.[^"]*)"', message.html) == [
        "https://a.example/b", "https://c.example/d",
    ]  # fmt: skip
    assert message.text.startswith("- B\n  https://a.example/b\n- D\n  https://c.example/d\n")


def test_a_second_body_and_a_gutter_are_refused_with_advice(bench: Workbench) -> None:
    second = LETTER.replace("</mjml>", "<mj-body></mj-body></mjml>")
    [problem] = bench.problems(template=second)
    assert problem.hint == "put its sections into the first"
    gutter = LETTER.replace("<mj-section>", '<mj-section gutter="10px">', 1)
    [problem] = bench.problems(template=gutter)
    assert problem.hint == "give the columns a padding-left and a padding-right"


class TestIncludes:
    def test_files_that_are_there_are_included(self, bench: Workbench) -> None:
        folder = bench.workspace / "templates" / "email" / "parts"
        folder.mkdir()
        (folder / "top.mjml").write_text(
            "<mjml><mj-head><mj-style>.top{color:red}</mj-style></mj-head><mj-body><mj-section>"
            '<mj-column><mj-include path="./inner.mjml" /></mj-column></mj-section></mj-body>'
            "</mjml>"
        )
        (folder / "inner.mjml").write_text("<mj-text>For {{ first_name }}</mj-text>")
        (folder / "a.css").write_text(".css{color:blue}")
        (folder / "b.html").write_text("<p>raw<br></p>")
        template = LETTER.replace(
            "<mj-body>",
            '<mj-body><mj-include path="./parts/top" /><mj-include path="parts/a.css" type="css" />'
            '<mj-include type="html" path="parts/b.html"></mj-include>',
        )
        assert not bench.problems("Hello", template=template)
        message = bench.render("Hello", template)
        assert message.text.startswith("For Ana\n\nHello\n")
        for part in (".top{color:red}", ".css{color:blue}", "<p>raw<br></p>"):
            assert part in message.html

    def test_a_file_that_is_not_there_is_named(self, bench: Workbench) -> None:
        template = LETTER.replace("<mj-body>", '<mj-body>\n<mj-include path="gone.mjml" />')
        [problem] = bench.problems("Hello", template=template)
        assert (problem.code, str(problem.place)) == (Code.MJML_REFUSED, f"{LETTER_FILE}:2:1")
        assert "'gone.mjml'" in problem.message

    def test_a_mistake_in_an_included_file_has_its_place_there(self, bench: Workbench) -> None:
        (bench.workspace / "templates/email/part.mjml").write_text("\n <mj-txt />")
        template = LETTER.replace("<mj-body>", '<mj-body><mj-include path="part.mjml" /><mj-tx/>')
        found = {str(one.place) for one in bench.problems("Hello", template=template)}
        column = template.index("<mj-tx/>") + 1
        assert found == {"templates/email/part.mjml:2:2", f"{LETTER_FILE}:1:{column}"}

    @pytest.mark.parametrize(
        "written",
        [
            '<!-- <mj-include path="a.mjml" /> -->',
            '{# <mj-include path="a.mjml" /> #}',
            '<mj-include path="../a.mjml" />',
            '<mj-include path="{{ a }}" />',
            "<mj-include />",
        ],
    )
    def test_what_names_no_template_stays(self, written: str) -> None:
        assert (
            with_jinja_includes(written, "letter.mjml.j2", lambda one: one == "a.mjml") == written
        )

    def test_lines_and_columns_stay(self) -> None:
        written = 'x <mj-include\n  path="./a.mjml"\n/> y'
        read = with_jinja_includes(written, "letter.mjml.j2", lambda one: one == "a.mjml")
        assert read.split() == ["x", "{%", "include", '"a.mjml"', "%}", "y"]
        assert [read.count("\n"), read.rpartition("\n")[2].index("y")] == [2, 3]


@pytest.mark.parametrize(
    ("style", "marks"),
    [
        ("<!-- wide --> .a{color:red}", ["<!--"]),
        ("<!--[if mso]>.a{color:red}<![endif]-->", ["<!--"]),
        ("<![CDATA[.a{color:red}]]>", ["<![CDATA["]),
        ("<style>.a{color:red}", ["<style"]),
        ("/* <!-- a < b --> <td> */ .b>.a{color:red}", []),
        (".a:before{content:'<!--'} .b{background:url(data:image/svg+xml,<style/>)}", []),
        ("@media (400px <= width < 700px) {.a{color:red}}", []),
    ],
)
def test_a_mark_of_html_in_a_style_is_a_warning_and_the_style_goes_out_as_written(
    bench: Workbench, style: str, marks: list[str]
) -> None:
    template = document(f"<mj-style>{style}</mj-style>", "{{ content }}" + SECTION)
    found = [one for one in bench.problems(template=template) if one.code == Code.MJML_BROKEN]
    assert [one.message.split(" ")[0] for one in found] == marks
    assert all((one.severity, one.place and one.place.line) == ("warning", 1) for one in found)
    assert style in bench.render("", template).html
