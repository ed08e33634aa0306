"""Whatever is broken in the example's templates and copy: problems, never a traceback; and what
``check`` lets pass can be sent."""

from __future__ import annotations

import re
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.problems import Problem
from tests.support.paths import REPOSITORY
from tests.support.render_kit import Workbench, recipient

TEMPLATES = sorted((REPOSITORY / "templates" / "email").glob("*.j2"))
BASE = (REPOSITORY / "templates" / "email" / "base.mjml.j2").read_text(encoding="utf-8")
COPY = sorted((REPOSITORY / "campaigns" / "customer-love" / "days").glob("*.md"))[1]

#: Typos of an edit, and what authors try in a template.
FRAGMENTS = (
    *("{{", "}}", "{%", "%}", "{#", "#}", "<", ">", "</", "<!--", "-->", '"', "'", "|", "&"),
    *("<mj-text>", "</mj-column>", "<br>", "[[", "]]", "[[button:", "*", "_", "`", "\\", "&amp;"),
    *("\n", "\n\n", "    ", "- ", "> ", "\x00", "\ue000", "\u200d", "é"),
    *("{{ first_name }}", "{{ x }}", "{{ fields.pet }}", "{{ self }}", "{{ loop }}"),
    *("{% if x %}", "{% endif %}", "{% set a %}", "{% endset %}", "{% extends 'base.mjml.j2' %}"),
    *("{{ 1 // 0 }}", "{{ range(10**9) }}", "{{ cycler() }}", "{{ first_name() }}"),
    *("{{ first_name | truncate('x') }}", "{{ '%d' % first_name }}", "{{ ''.join([1]) }}"),
    *("{{ first_name | batch(0) | list }}", "{% include first_name %}"),
)


@st.composite
def broken(draw: st.DrawFn, source: str) -> str:
    """The source after one to four careless edits."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(source)))
        removed = draw(st.integers(0, 8))
        source = source[:at] + draw(st.sampled_from(["", *FRAGMENTS])) + source[at + removed :]
    return source


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    bench = Workbench(tmp_path_factory.mktemp("broken"))
    for template in TEMPLATES:
        shutil.copy(template, bench.workspace / "templates" / "email")
    return bench


careless = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])


@careless
@given(template=broken(BASE))
def test_a_broken_template(bench: Workbench, template: str) -> None:
    bench.write_template("base", template)
    _assert_found_or_sent(bench, "Hello {{ first_name }}")


@careless
@given(copy=broken(COPY.read_text(encoding="utf-8").split("---\n", 2)[2]))
def test_a_broken_copy(bench: Workbench, copy: str) -> None:
    bench.write_template("base", BASE)
    _assert_found_or_sent(bench, copy)


def _assert_found_or_sent(bench: Workbench, copy: str) -> None:
    problems = _problems(bench, copy)
    assert all(problem.place for problem in problems)
    # A missing field shows only for the subscriber, and an edit inside of {{ fields.pet }} asks for
    # another field.
    person = recipient(fields=dict.fromkeys(re.findall(r"\w+", copy), "Rex"))
    try:
        message = bench.renderer(bench.email(copy)).render(person)
    except LovecampaignError:
        assert problems
    else:
        assert message.raw


def _problems(bench: Workbench, copy: str) -> list[Problem]:
    try:
        return bench.problems(copy)
    except LovecampaignError as error:
        return list(getattr(error, "problems", ()))
