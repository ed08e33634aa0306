"""No template takes the time or memory of the machine, however it is written."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.render.model.errors import RenderError
from tests.support.render_kit import Workbench, in_column, recipient

BIG = 10**9
#: Each is one expression, or a whole copy.
BOMBS = (
    '{{ "x" * 1000000000 }}',
    '{{ 1000000000 * "x" }}',
    "{{ [0] * 1000000000 }}",
    "{{ (0,) * 1000000000 }}",
    '{{ ("x" * 1000000) * 1000 }}',
    '{{ "%1000000000d" % 1 }}',
    '{{ "%.1000000000f" % 1 }}',
    '{{ "%*d" % (1000000000, 1) }}',
    '{{ "%1000000000d" | format(1) }}',
    '{{ ("%s" * 30000) % ((("x" * 300000),) * 30000) }}',
    '{{ "{:>1000000000}".format(1) }}',
    '{{ "{:{}}".format(1, 1000000000) }}',
    '{{ ("{0}" * 30000).format("x" * 300000) }}',
    '{{ "x".center(1000000000) }}',
    '{{ "x".ljust(1000000000) }}',
    '{{ "x".zfill(1000000000) }}',
    '{{ "\\t".expandtabs(1000000000) }}',
    '{{ ("x" * 100000).replace("x", "y" * 100000) }}',
    '{{ ("y" * 100000).join("x" * 100000) }}',
    '{{ "x" | center(1000000000) }}',
    '{{ "x" | indent(1000000000, first=true) }}',
    '{{ ("\\n" * 100000) | indent("y" * 100000) }}',
    '{{ ("x " * 100000) | wordwrap(1, wrapstring="y" * 100000) }}',
    '{{ ("x" * 100000) | replace("x", "y" * 100000) }}',
    '{{ ("x" * 100000) | join("y" * 100000) }}',
    '{{ (["x" * 100000] * 100000) | join }}',
    '{{ (["x" * 100000] * 100000) | string }}',
    '{{ (["x" * 100000] * 100000) | pprint }}',
    '{{ ["x" * 100000] * 100000 }}',
    '{{ (["x" * 100000] * 100000) ~ "" }}',
    "{{ [1] | batch(1000000000, 0) | list }}",
    "{{ [1] | slice(1000000000) | list }}",
    "{{ 1.5 | round(1000000000) }}",
    "{{ ([[1] * 10] * 10000) | sum(start=[]) }}",
    "{{ range(1000000000) | list }}",
    "{{ 9 ** 99999999 }}",
    '{{ (1).to_bytes(1000000000, "big") }}',
    '{{ campaign.start.strftime("%0999999999Y") }}',
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for a in range(99999) if range(99999) | list | length < 5 %}x{% endfor %}",
    '{% for a in range(99999) %}{{ "y" * 5000 }}{% endfor %}',
    "{% for a in range(60000) %}[{% endfor %}",
    (
        '{% set ns = namespace(t="x") %}'
        "{% for a in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}"
    ),
    (
        '{% set ns = namespace(t="x") %}'
        "{% for a in range(99) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}"
    ),
    "{% set ns = namespace(n=9) %}{% for a in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
    "{% set l = [1] %}{% for a in range(99) %}{% set x = l.extend(l) %}{% endfor %}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    (
        "{% for a in [[[[], []], [[], []]]] * 9 recursive %}"
        "{{ loop([a, a, a] if loop.depth < 30 else []) }}{% endfor %}"
    ),
    '{% set t %}{% for a in range(90) %}{{ "x" * 50000 }}{% endfor %}{% endset %}{{ t }}',
    "{% filter upper %}{% for a in range(90000) %}{{ a }}words{% endfor %}{% endfilter %}",
    '{% for a in range(9999) %}{{ range(9999) | map("string") | join }}{% endfor %}',
    "{% for a in range(99999) %}{% if a in range(99999) | list %}{% endif %}{% endfor %}",
)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Seconds and memory that are far below what any bomb takes."""
    began, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 300_000  # kB


@pytest.mark.parametrize("copy", BOMBS)
def test_a_copy_without_end_is_a_problem_at_its_line(bench: Workbench, copy: str) -> None:
    (problem,) = bench.problems(f"Hello\n\n{copy}\n")
    assert problem.code == "LC106"
    assert problem.place is not None
    is_whole_copy = "of this copy" in problem.message
    assert problem.place.line == (None if is_whole_copy else 7)


def test_a_template_that_includes_itself_twice_is_a_problem(bench: Workbench) -> None:
    bench.write_template("part", "{% if n %}{% set n = n - 1 %}" + _TWICE + "{% endif %}")
    template = in_column("{% set n = 60 %}{% include 'part.mjml.j2' %}{{ content }}")
    assert bench.problems("Hello", template=template)[0].code == "LC106"


def test_a_subscribers_own_number_makes_no_text_without_end(bench: Workbench) -> None:
    for copy in ('{{ "x" * (fields.n | int) }}', '{{ "x" | center(fields.n | int) }}'):
        renderer = bench.renderer(bench.email(copy))
        assert "x" in renderer.render(recipient(fields={"n": "5"})).text
        bad = recipient(fields={"n": str(BIG)})
        with pytest.raises(RenderError, match="too long"):
            renderer.render(bad)


def test_a_long_letter_is_within_the_budget(bench: Workbench) -> None:
    words = "Some words about the garden. " * 20
    copy = "{% for n in range(80) %}\n\n" + words + "{{ n }} {{ first_name | upper }}\n{% endfor %}"
    assert not bench.problems(copy)


_TWICE = "{% include 'part.mjml.j2' %}" * 2
