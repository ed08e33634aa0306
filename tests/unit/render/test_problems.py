"""Mistakes in words and templates are found before anything is sent, with their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.campaign.model.campaign import Brand, Role
from lovecampaign.core.problems import Place
from lovecampaign.render.lint.render_check import find_problems
from lovecampaign.render.model.content import read_content
from lovecampaign.render.templating.filters import REFUSED_FILTERS
from tests.support.render_kit import COPY_FILE, FOOTER, LETTER, Workbench, in_column


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def test_a_good_email_has_no_problems(bench: Workbench) -> None:
    assert not bench.problems('Hi {{ first_name | default("friend", true) }}, {{ fields.pet }}')


@pytest.mark.parametrize(
    ("line", "code", "column", "hint"),
    [
        ("Hi {{ frist_name }}", "LC103", 7, "did you mean first_name?"),
        ('{{ frist_name | default("friend", true) }}', "LC103", 4, "did you mean first_name?"),
        ("{% if frist_name is defined %}x{% endif %}", "LC103", 7, "did you mean first_name?"),
        ("{{ first_name }} {{ last_name }}", "LC103", 21, "write subscriber.last_name"),
        ("{{ name }}", "LC103", 4, "write campaign.name, or first_name for the reader's"),
        ("{{ contact.x }}", "LC103", 4, "write subscriber, as in subscriber.first_name"),
        ("{{ unsubscribe_url }}", "LC103", 4, "write links.unsubscribe"),
        ("{{ content }}", "LC103", 4, None),
        ("{{ day.numbr }}", "LC104", 4, "did you mean number?"),
        ("{{ day['numbr'] }}", "LC104", 4, "did you mean number?"),
        ("{{ links.unsubscribe_url }}", "LC104", 4, "did you mean unsubscribe?"),
        ("{{ deal.stock }}", "LC104", 4, None),
        ("{{ first_name | uper }}", "LC105", 17, "did you mean upper?"),
        ("{% if first_name is definde %}x{% endif %}", "LC105", 21, "did you mean defined?"),
        ("{{ first_name", "LC102", 1, None),
        ("{{ first_name }", "LC102", 1, None),
        ("{% if first_name %}", "LC102", 1, None),
        ("{{ first_name | }}", "LC102", 1, None),
        ("{{ “first_name” }}", "LC102", 1, "straight quotes are needed inside {{ }}: \" or '"),
        ("{% autoescape false %}x{% endautoescape %}", "LC102", 1, None),
        ("[[buton: x]]", "LC108", 1,
         "there are [[button]], [[image]], [[answer]], [[done]], [[help]], [[gift]]"),
        ("[[help: ]]", "LC108", 1, "write [[help: TEXT]] on a line of its own"),
        ("[[answer: ]]", "LC108", 1, "write [[answer: QUESTION]] on a line of its own"),
        ("so [[answer: Why?]]", "LC108", 4, "write [[answer: QUESTION]] on a line of its own"),
        ("[[answer: {{ first_name }}?]]", "LC108", 1, "write the same words for all readers"),
        ("[[button: x]]", "LC108", 1, "write [[button: TEXT | URL]] on a line of its own"),
        ("go [[button: x | https://a.example]]", "LC108", 4, None),
        ("[[button: x | https://a.example]", "LC108", 1, None),
        ("[[image: https://a.example/a.png]]", "LC108", 1,
         "write [[image: PATH-OR-URL | ALT]] on a line of its own"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_copy_is_found_in_its_line(
    bench: Workbench, line: str, code: str, column: int, hint: str | None
) -> None:
    problems = bench.problems(f"First line.\n\n{line}\n")
    assert [problem.code for problem in problems] == [code]
    assert problems[0].place == Place(file=COPY_FILE, line=7, column=column)
    assert problems[0].excerpt == line
    if hint:
        assert problems[0].hint == hint


@pytest.mark.parametrize("field", ['"x" * 1000000000', '"%1000000000d" % 1', "9 ** 99999"])
def test_a_text_without_end_is_refused_before_it_is_made(bench: Workbench, field: str) -> None:
    problems = bench.problems(f"{{{{ {field} }}}}")
    assert "too long for any letter" in problems[0].message


@pytest.mark.parametrize("name", sorted(REFUSED_FILTERS))
def test_a_refused_filter_says_why(bench: Workbench, name: str) -> None:
    (problem,) = bench.problems(f"{{{{ first_name | {name} }}}}")
    assert (problem.code, problem.hint) == ("LC105", REFUSED_FILTERS[name])


def test_all_mistakes_are_reported_at_once(bench: Workbench) -> None:
    problems = bench.problems("{{ a }} {{ b }} {{ a }}\n\n{{ c | safe }}\n[[button: x]]")
    assert [(problem.code, str(problem.place)) for problem in problems] == [
        ("LC103", f"{COPY_FILE}:5:4"),
        ("LC103", f"{COPY_FILE}:5:12"),
        ("LC103", f"{COPY_FILE}:5:20"),
        ("LC103", f"{COPY_FILE}:7:4"),
        ("LC105", f"{COPY_FILE}:7:8"),
        ("LC108", f"{COPY_FILE}:8:1"),
    ]


@pytest.mark.parametrize("key", ["subject", "preheader"])
def test_subject_and_preheader_are_checked_where_they_are_written(
    bench: Workbench, key: str
) -> None:
    place = Place(file=COPY_FILE, line=2, column=10)
    (problem,) = bench.problems(**{key: "{{ frist_name }}"}, places={key: place})
    assert problem.place == place
    assert problem.message == f"{key}: emails have no name 'frist_name'"


@pytest.mark.parametrize(
    ("front", "line", "column"),
    [
        ("subject: Hi {{ frist_name }}", 2, 16),
        ("subject: 'Hi {{ frist_name }}'", 2, 17),
        ("subject: >\n  Hi,\n  {{ frist_name }}", 4, 6),
        ('subject: "{{ first_name }}, {{ \\x66rist_name }}"', 2, 10),
    ],
)
def test_the_caret_stands_under_the_name_in_the_author_s_own_line(
    bench: Workbench, front: str, line: int, column: int
) -> None:
    file = bench.workspace / COPY_FILE
    file.parent.mkdir(parents=True)
    file.write_text(f"---\n{front}\n---\n", encoding="utf-8")
    place = Place(file=COPY_FILE, line=2, column=10)
    value = "Hi, {{ frist_name }}" if "\\x66" not in front else "{{ first_name }}, {{ frist_name }}"
    (problem,) = bench.problems(subject=value, places={"subject": place})
    assert problem.place == Place(file=COPY_FILE, line=line, column=column)
    assert problem.excerpt == f"---\n{front}".split("\n")[line - 1]
    assert problem.width == (len("frist_name") if "\\x66" not in front else 1)


def test_a_subject_that_fails_while_rendering_is_told_where_it_is_written(
    bench: Workbench,
) -> None:
    place = Place(file=COPY_FILE, line=2, column=10)
    (problem,) = bench.problems(subject="{{ 1 / 0 }}", places={"subject": place})
    assert (problem.code, problem.place) == ("LC106", place)
    assert problem.message == "subject: this divides by zero"


@pytest.mark.parametrize(
    "template",
    [
        "{% extends 'letter.mjml.j2' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'letter.mjml.j2' %}",
    ],
)
def test_a_template_that_uses_itself_is_explained_in_words(bench: Workbench, template: str) -> None:
    (problem,) = bench.problems(template=template)
    assert problem.code == "LC106"
    assert "a template or macro includes itself" in problem.message
    assert problem.place is not None
    assert problem.place.file == "templates/email/letter.mjml.j2"


@pytest.mark.parametrize("source", ["{{" * 900, "{{ " + "(" * 900, "{{ " + "a[" * 900])
def test_braces_nested_too_deep_are_a_problem_and_no_crash(bench: Workbench, source: str) -> None:
    assert {problem.code for problem in bench.problems(source)} == {"LC102"}
    assert {problem.code for problem in bench.problems(template=LETTER + source)} >= {"LC102"}


def test_names_that_templates_make_themselves_are_known(bench: Workbench) -> None:
    bench.write_template("part", "<mj-text>{{ shade }}{{ one }}</mj-text>")
    bench.write_template(
        "macros",
        "{% macro box(words, size=1) %}{{ words }}{{ size }}"
        "{{ caller() if caller is defined }}{{ varargs }}{% endmacro %}",
    )
    assert not bench.problems(
        "{% set mine = 1 %}{% for n in range(2) %}{{ loop.index }}{{ n }}{{ mine }}{% endfor %}",
        in_column(
            "{% set shade = 'x' %}{% from 'macros.mjml.j2' import box as b %}"
            "{% for one in [1] %}{% include 'part.mjml.j2' %}{% endfor %}"
            "<mj-text>{% with y = 2 %}{{ y }}{% endwith %}{{ b(1) }}"
            "{% set ns = namespace(a=1) %}{{ ns.a }}</mj-text>{{ content }}"
        ),
    )


def test_a_loop_variable_may_have_the_name_of_something_known(bench: Workbench) -> None:
    assert not bench.problems("{% for day in [{'x': 1}] %}{{ day.x }}{% endfor %}")


def test_what_fails_only_while_rendering_is_found_for_made_up_readers(bench: Workbench) -> None:
    (problem,) = bench.problems("One.\n\n{% if not first_name %}{{ 1 / 0 }}{% endif %}")
    assert (problem.code, str(problem.place)) == ("LC106", f"{COPY_FILE}:7")


def test_a_guest_that_is_not_there_is_found(bench: Workbench) -> None:
    (problem,) = bench.problems("{{ guest.name }}")
    assert problem.code == "LC106"
    assert "'name' is read from a value that is missing" in problem.message
    assert not bench.problems("By {% if guest %}{{ guest.name }}{% endif %}")


@pytest.mark.parametrize(
    ("without", "message"),
    [
        ('<a href="{{ links.unsubscribe }}">Leave</a>', "the email lacks the unsubscribe link"),
        ('<a href="{{ links.preferences }}">hear less</a>', "the email lacks the preferences link"),
        ("{{ sender.postal_address }}", "the email lacks the postal address"),
    ],
)
def test_a_footer_without_its_parts_is_a_problem(
    bench: Workbench, without: str, message: str
) -> None:
    assert without in FOOTER
    (problem,) = bench.problems(template=LETTER.replace(without, ""))
    assert (problem.code, problem.message) == ("LC116", message)


def test_copy_that_no_template_prints_is_a_problem(bench: Workbench) -> None:
    (problem,) = bench.problems("Hello", in_column("<mj-text>x</mj-text>"))
    assert problem.code == "LC117"
    assert not bench.problems("", in_column("<mj-text>x</mj-text>"))


def test_a_misplaced_value_in_the_copy_names_the_copy(bench: Workbench) -> None:
    (problem,) = bench.problems("[x](/path/{{ first_name }})")
    assert problem.code == "LC107"
    assert problem.place == Place(file=COPY_FILE)


def test_a_mistake_in_a_copy_inside_a_digest_is_found(bench: Workbench) -> None:
    day = bench.email("{{ frist_name }}")
    digest = bench.email(key="catch-up", role=Role.CATCH_UP, number=None, date=None, at=None)
    campaign = bench.campaign(day, digest)
    (problem,) = find_problems(campaign, digest, read_content(campaign, digest))
    assert (problem.code, str(problem.place)) == ("LC103", f"{COPY_FILE}:5:4")


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ('<mj-text><i style="background:url(none.png)">x</i></mj-text>', "none.png"),
        ("<mj-text><i style=\"background: URL( 'none.png' )\">x</i></mj-text>", "none.png"),
        ('<mj-raw><img src="https://a.example/a.png" srcset="b.png 2x" alt="x"></mj-raw>', "b.png"),
        ('<mj-raw><td background="//a.example/b.png"></td></mj-raw>', "//a.example/b.png"),
    ],
)
def test_a_picture_without_a_whole_address_is_a_problem_wherever_it_is(
    bench: Workbench, inside: str, found: str
) -> None:
    (problem, *_) = bench.problems(template=in_column(inside + "{{ content }}"))
    assert problem.code == "LC109"
    assert repr(found) in problem.message


@pytest.mark.parametrize(
    ("copy", "inside", "where"),
    [
        ("Words, ![x]().", "", f"{COPY_FILE}:5:8"),
        ("Words, ![x](<> 'title') and more.", "", f"{COPY_FILE}:5:8"),
        ("![x][one]\n\n[one]: <>", "", f"{COPY_FILE}:7:1"),
        ("Words", '<mj-image alt="x" />', "templates/email/letter.mjml.j2:1:39"),
        ("Words", "<mj-text><img src='' alt='x'></mj-text>", "templates/email/letter.mjml.j2:1:48"),
    ],
)
def test_a_picture_without_an_address_is_a_problem_at_its_place(
    bench: Workbench, copy: str, inside: str, where: str
) -> None:
    problems = bench.problems(copy, template=in_column(inside + "{{ content }}"))
    found = {str(one.place) for one in problems if one.code == "LC109"}
    assert found == {where}


@pytest.mark.parametrize(
    "inside",
    [
        "<mj-text><i style=\"background:url('https://a.example/a.png')\">x</i></mj-text>",
        (
            '<mj-raw><img src="cid:a" srcset="https://a.example/a,b.png 2x, https://b.example" '
            'alt="x"></mj-raw>'
        ),
    ],
)
def test_whole_addresses_of_pictures_are_no_problem(bench: Workbench, inside: str) -> None:
    problems = bench.problems(template=in_column(inside + "{{ content }}"))
    assert "LC109" not in {problem.code for problem in problems}


def test_a_logo_that_is_not_there_is_a_problem(bench: Workbench) -> None:
    email = bench.email()
    campaign = bench.campaign(email, brand=Brand(logo="images/none.png"))
    (problem,) = find_problems(campaign, email, read_content(campaign, email))
    assert (problem.code, str(problem.place)) == ("LC109", "campaigns/bloom/campaign.yaml")


def test_a_logo_that_is_no_picture_is_a_problem(bench: Workbench) -> None:
    email = bench.email()
    (bench.folder / "logo.png").write_text("to be drawn")
    campaign = bench.campaign(email, brand=Brand(logo="logo.png"))
    (problem,) = find_problems(campaign, email, read_content(campaign, email))
    assert (problem.code, str(problem.place)) == ("LC118", "campaigns/bloom/campaign.yaml")


def test_a_number_beyond_all_floats_is_told_in_words(bench: Workbench) -> None:
    (problem,) = bench.problems("{{ 10.0 ** 400 }}")
    assert problem.message == "this number is too large"


@pytest.mark.parametrize(
    "copy",
    [
        "{{ subscriber }}",
        "{{ campaign }}",
        "{{ fields | upper }}",
        '{{ "Hi " ~ sender }}',
        '{{ links if first_name else "" }}',
    ],
)
def test_a_whole_object_that_is_printed_is_a_problem(bench: Workbench, copy: str) -> None:
    (problem,) = bench.problems(f"Hello {copy}")
    assert (problem.code, problem.width > 1) == ("LC119", True)


def test_parts_and_counts_of_an_object_are_fine(bench: Workbench) -> None:
    copy = "{{ subscriber.email }} {{ subscriber.tags | length }} {% if guest %}x{% endif %}"
    assert not bench.problems(f"{copy} {{% for fields in [1] %}}{{{{ fields }}}}{{% endfor %}}")


@pytest.mark.parametrize(
    "markup",
    [
        '<form action="https://bloom.example"></form>',
        '<iframe src="https://bloom.example"></iframe>',
        "<script>x</script>",
        '<meta http-equiv="refresh" content="0; url=https://bloom.example">',
        '<img src="file:///etc/passwd" alt="" width="1">',
    ],
)
def test_active_content_in_a_template_is_a_problem(bench: Workbench, markup: str) -> None:
    template = in_column(f"{{{{ content }}}}<mj-text>{markup}</mj-text>")
    codes = [one.code for one in bench.problems("Hello", template=template)]
    assert "LC120" in codes


def test_active_content_in_code_and_comments_is_no_problem(bench: Workbench) -> None:
    inside = "{# no <form> #}<!-- no <iframe src='file:///a'> -->{{ content }}"
    copy = "Type `<script>` or `(javascript:x)`.\n\n```\n(file:///a)\n```\n\n{# (file:///b) #} Bye."
    codes = [one.code for one in bench.problems(copy, template=in_column(inside))]
    assert "LC120" not in codes
    (found,) = bench.problems(f"{copy} [a](file:///c)")
    assert (found.code, found.place and found.place.line) == ("LC120", 11)


@pytest.mark.parametrize(
    ("copy", "severity"),
    [
        ("", "error"),
        ("\n \n", "error"),
        ("{# later #}", "error"),
        ("---\n", "error"),
        ("&nbsp;\u200b", "error"),
        ("{% if deal %}Yours.{% endif %}", "error"),
        ('{% if fields.plan == "x" %}Yours.{% endif %}', "error"),
        ("{% if first_name %}Hi {{ first_name }}.{% endif %}", "warning"),
        ("{% if not first_name %}Hi.{% endif %}", "warning"),
        ("{% if subscriber.is_insider %}Hi.{% endif %}", "warning"),
        ("{{ first_name }}", "warning"),
        ("{% if first_name %}Hi.{% else %}Hello.{% endif %}", None),
        ("🌱", None),
        ("![A pot](https://a.example/a.png)", None),
        ("[[button: Go | https://a.example]]", None),
    ],
)
def test_a_copy_that_is_empty_for_readers_is_a_problem(
    bench: Workbench, copy: str, severity: str | None
) -> None:
    found = [(one.code, one.severity) for one in bench.problems(copy)]
    assert found == ([] if severity is None else [("LC130", severity)])


def test_an_empty_copy_is_fine_where_the_template_has_the_words(bench: Workbench) -> None:
    assert bench.problems("", in_column("<mj-text>Hi</mj-text>")) == []


def test_a_digest_is_not_empty_without_words_of_its_own(bench: Workbench) -> None:
    day = bench.email("Hello")
    digest = bench.email("", key="catch-up", role=Role.CATCH_UP, number=None, date=None, at=None)
    campaign = bench.campaign(day, digest)
    assert find_problems(campaign, digest, read_content(campaign, digest)) == []


@pytest.mark.parametrize(
    ("copy", "place", "says"),
    [
        ("## Questions {#faq}\n\nGone.\n\n{# x #} Left.", "5:14", "{#faq} begins a comment"),
        ("Questions {#faq .wide}\n---\n\nLeft {# x #}", "5:11", "{#faq .wide} begins"),
        ("Hi\n\n### A{#a} b #}", "7:6", "{#a} begins a comment"),
        ("word{# note #} more", "5:5", "{# begins a comment here"),
        ("# Title {#note #}\n\nMore", "5:9", "{# begins a comment here"),
        ("Hi {# one\n\ntwo #} you", "5:4", "spans a blank line"),
        ("Hi {#- one\n \t\ntwo -#} you", "5:4", "spans a blank line"),
    ],
)
def test_a_comment_that_swallows_words_is_a_problem(
    bench: Workbench, copy: str, place: str, says: str
) -> None:
    (problem,) = bench.problems(copy)
    assert (problem.code, str(problem.place)) == ("LC131", f"{COPY_FILE}:{place}")
    assert says in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    "copy",
    [
        "Hi {# note #} you",
        "Hi\n\n{# one\ntwo #}\n\nyou",
        "# Title {# shorter? #}\n\nHi",
        "Hi.{# note #}",
        "{% raw %}## A {#a}\n\nb{% endraw %} {# x #}",
        '{{ "a{#b}" }} {# x #} # 5',
    ],
)
def test_a_comment_as_it_should_be_is_fine(bench: Workbench, copy: str) -> None:
    assert bench.problems(copy) == []


def test_a_comment_without_end_is_named_by_what_began_it(bench: Workbench) -> None:
    codes = {problem.code for problem in bench.problems("## Questions {#faq}\n\nGone.")}
    assert codes == {"LC102", "LC131"}


@pytest.mark.parametrize(
    ("copy", "hint"),
    [
        ("Hi {{< youtube x >}}", "[[image: …]]"),
        ("{{#if name}}a{{/if}}", "{% if … %} … {% else %}"),
        ("{{#each names}}a{{/each}}", "{% for one in list %}"),
        ("{{!-- later --}}", "{# … #}"),
        ("{{> footer}}", "{% include"),
        ("{{{first_name}}}", "two braces"),
        ("{% highlight python %}x{% endhighlight %}", "```"),
        ("{% post_url 2026-01-01-x %}", "write a link"),
        ('{{ first_name | default: "friend" }}', 'default("friend", true)'),
        ('{{ first_name || "friend" }}', 'default("friend", true)'),
        ('{{ first_name ? "a" : "b" }}', 'write {{ "this" if first_name else "that" }}'),
        ("{% if first_name && last_name %}a{% endif %}", "write and"),
        ("{% if first_name %}a{% else if x %}b{% endif %}", "{% elif … %}"),
        ("{{ .Title }}", "no mark before it"),
        ("{{ first_name }", "two braces at its end"),
        ("{% unless first_name %}a{% endunless %}", "{% if not … %}"),
        ("{% assign a = 1 %}", "{% set"),
        ("{% if first_name %}a{% elsif deal %}b{% endif %}", "{% elif … %}"),
    ],
)
def test_a_tag_of_another_program_gets_ours_as_a_hint(
    bench: Workbench, copy: str, hint: str
) -> None:
    (problem,) = bench.problems(copy)
    assert problem.code == "LC102"
    assert hint in (problem.hint or "")
