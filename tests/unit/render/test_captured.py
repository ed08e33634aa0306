"""Captured text is printed with its tokens, and is real text to everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.render.model.errors import RenderError
from tests.support.render_kit import Workbench, in_column, recipient


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.mark.parametrize(
    ("copy", "read"),
    [
        ("{% set x %}A {{ first_name }}{% endset %}{{ x }}", "A Zoë"),
        ("{% set x %}A {{ first_name }}{% endset %}{{ x | upper }}", "A ZOË"),
        ("{% set x %}A {{ first_name }}{% endset %}{{ x[2:4] }}", "Zo"),
        ("{% set x %}A {{ first_name }}{% endset %}{{ x | length }}", "5"),
        ("{% set x %}A {{ first_name }}{% endset %}{{ x ~ '!' }}", "A Zoë!"),
        ("{% set x %}{{ first_name }}{% endset %}{{ 'yes' if x == 'Zoë' else 'no' }}", "yes"),
        ("{% set x %}{{ first_name }}{% endset %}{{ 'yes' if 'oë' in x else 'no' }}", "yes"),
        ("{% set x %}{{ first_name }}{% endset %}{{ x.replace('Z', 'C') }}", "Coë"),
        ("{% set x %}{{ first_name }}{% endset %}{{ 'yes' if x is lower else 'no' }}", "no"),
        ("{% set x %}{{ first_name }}{% endset %}{{ '{}!'.format(x) }}", "Zoë!"),
        ("{% set x %}{{ first_name }}{% endset %}{{ x.center(7) | trim | upper }}", "ZOË"),
        ("{% set x %}{{ first_name }}{% endset %}{{ [x, x] | join('+') }}", "Zoë+Zoë"),
        ("{% set x %}{{ first_name }}{% endset %}{% for c in x %}{{ c }}-{% endfor %}", "Z-o-ë-"),
        ("{% set x %}{{ first_name }}{% endset %}{{ {'Zoë': 'found'}[x] }}", "found"),
        ("{% set x %}{{ subscriber.last_name }}{% endset %}{{ 'a' if x else 'b' }}", "b"),
        ("{% set x | upper %}a{{ first_name }}{% endset %}{{ x }}", "AZOË"),
        ("{% set x | upper %}a{{ first_name }}{% endset %}{{ x | lower }}", "azoë"),
        ("{% filter upper %}a{{ first_name }}{% endfilter %}", "AZOË"),
        ("{% filter upper | replace('Z', 'C') %}a{{ first_name }}{% endfilter %}", "ACOË"),
        ("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(first_name) }}", "<Zoë>"),
        ("{% macro m(a) %}({{ a }}){% endmacro %}{{ m(first_name) | upper }}", "(ZOË)"),
        ("{% macro m(a) %}({{ a }}){% endmacro %}{{ m(m(first_name)) }}", "((Zoë))"),
        ("{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}{{ first_name }}{% endcall %}",
         "[Zoë]"),
        ("{% macro m() %}{{ caller() | upper }}{% endmacro %}{% call m() %}a{% endcall %}", "A"),
        ("{% for n in [1, [2]] recursive %}{{ n if n is number else loop(n) }}{% endfor %}", "12"),
        ("{% set n = namespace() %}{% set n.x %}{{ first_name }}{% endset %}{{ n.x | upper }}",
         "ZOË"),
        ("{{ first_name | e }} {{ first_name | escape }}", "Zoë Zoë"),
        ("{{ 1 + 1 }} {{ true }} {{ 1.5 }} {{ [1, 'a'] }}", "2 True 1.5 [1, 'a']"),
        ("{{ first_name | default('friend') }} {{ nobody | default('friend') }}", "Zoë friend"),
    ],
)  # fmt: skip
def test_operations_see_the_real_text(bench: Workbench, copy: str, read: str) -> None:
    assert bench.words(copy, first_name="Zoë") == read


def test_a_captured_markdown_piece_is_still_markdown_when_it_is_printed(bench: Workbench) -> None:
    copy = "{% set x %}**{{ first_name }}**{% endset %}{{ x }}"
    assert "<strong>*Zoë*</strong>" in bench.render(copy, first_name="*Zoë*").html


def test_what_was_made_from_a_captured_piece_is_a_value(bench: Workbench) -> None:
    copy = "{% set x %}**{{ first_name }}**{% endset %}{{ x | lower }}"
    assert "<p>**zoë**</p>" in bench.render(copy, first_name="Zoë").html


def test_super_and_self_blocks_are_captured(bench: Workbench) -> None:
    bench.write_template(
        "base",
        in_column(
            "<mj-text>{% block a %}a{{ first_name }}{% endblock %}|{{ self.a() | upper }}</mj-text>"
        ),
    )
    message = bench.render(
        "",
        '{% extends "base.mjml.j2" %}'
        "{% block a %}[{{ super() }}{{ super() | upper }}]{% endblock %}",
        first_name="Zoë",
    )
    assert message.text.startswith("[aZoëAZOË]|[AZOËAZOË]\n")


def test_includes_and_imported_macros_print_values(bench: Workbench) -> None:
    bench.write_template("part", "<mj-text>in {{ first_name }}</mj-text>")
    bench.write_template(
        "macros",
        "{% set sign %}~{{ 'x' }}{% endset %}{% macro hi(n) %}<mj-text>{{ sign }}{{ n }}</mj-text>"
        "{% endmacro %}",
    )
    message = bench.render(
        "",
        in_column(
            '{% import "macros.mjml.j2" as m %}{% include "part.mjml.j2" %}{{ m.hi(first_name) }}'
        ),
        first_name="Zoë",
    )
    assert message.text.startswith("in Zoë\n\n~xZoë\n")


def test_an_imported_template_never_carries_one_persons_values_to_the_next(
    bench: Workbench,
) -> None:
    bench.write_template("m", "{% set sign %}<{{ 'x' }}>{% endset %}")
    bench.write_template(
        "letter",
        in_column(
            '<mj-text>{{ first_name }}{% from "m.mjml.j2" import sign %}'
            "{% if first_name == 'Bo' %}{{ subscriber.email }}{% endif %}</mj-text>"
            "<mj-text>a{{ sign | length }}</mj-text>"
        ),
    )
    renderer = bench.renderer(bench.email(""))
    for name, read in (("Ana", "Ana\n\na3\n"), ("Bo", "Boana@reader.example\n\na3\n")):
        assert renderer.render(recipient(name)).text.startswith(read)


@pytest.mark.parametrize(
    "copy",
    [
        "{{ nobody }}",
        "{{ subscriber.nothing }}",
        "{{ fields.pet }}",
        "{{ fields['pet'] }}",
        "{{ question }}",
        "{{ guest.name }}",
        "{% if nobody %}x{% endif %}",
        "{{ 1 / 0 }}",
        "{{ first_name.nothing }}",
        "{{ first_name.__class__ }}",
    ],
)
def test_what_is_not_there_fails_that_person_with_file_and_line(
    bench: Workbench, copy: str
) -> None:
    with pytest.raises(RenderError) as caught:
        bench.render(f"First line.\n\n{copy}\n")
    assert caught.value.message.startswith("campaigns/bloom/days/02-soil.md:7: ")
    assert "ana@reader.example" not in caught.value.message


def test_a_failure_in_an_included_template_names_that_template(bench: Workbench) -> None:
    bench.write_template("part", "<mj-text>\n{{ fields.pet }}</mj-text>")
    with pytest.raises(RenderError, match=r"templates/email/part\.mjml\.j2:2: fields has no 'pet'"):
        bench.render("", in_column('{% include "part.mjml.j2" %}'))


def test_a_missing_field_may_have_a_default(bench: Workbench) -> None:
    copy = '{{ fields.pet | default("friend", true) }}'
    assert bench.words(copy) == "friend"
    assert bench.words(copy, fields={"pet": ""}) == "friend"
    assert bench.words(copy, fields={"pet": "Rex"}) == "Rex"


@pytest.mark.parametrize("name", ["safe", "tojson", "xmlattr", "urlize", "forceescape", "random"])
def test_refused_filters_render_for_nobody(bench: Workbench, name: str) -> None:
    with pytest.raises(RenderError):
        bench.render(f"{{{{ first_name | {name} }}}}")
