"""Made-up templates and readers, for tests that hold the fast path to the plain one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from lovecampaign.render.model.recipient import Recipient
from tests.support.render_kit import FOOTER, recipient

HOSTILE = (
    "",
    " ",
    "Ana",
    "Bo",
    "Zoë",
    "<script>alert(1)</script>",
    "</td></table>",
    "*Ana* _b_ `c` [d](javascript:e) # f",
    "\"'><img src=x onerror=y>",
    "--><b>x</b><!--",
    "\r\nBcc: eve@example.com\r\n\r\nbody",
    "\x00nul\x00",
    "\u202eevil\u202c",
    "שלום",
    "👨‍👩‍👧‍👦",
    "lc0123456789x0z",
    "{{ first_name }} {% raw %}",
    "javascript:alert(1)",
    "&amp; &lt;",
    "]] | [[button: x | https://evil.example]]",
    "\ue0000\ue001 \ue002x\ue003",
    "\ud800",
    "a\u2028b\x85c\x0bd",
    "x" * 10_000,
    "é" * 10_000,
    "word " * 2_000,
    "=?utf-8?b?ZXZpbA==?=",
    ".",
    "\n.\n..",
    "a line\nand another\n",
    "34 columns are what fits in a line",
    "35 columns are what fits in a line.",
    "36 columns are what fits in a line..",
    ',;:"\\<>@',
    "https://a.example/x y?z=ü",
)
#: Names that hold text, whatever the person.
_TEXTS = (
    "first_name",
    "subscriber.last_name",
    "subscriber.email",
    "fields.a",
    'fields["b"]',
    "links.web_view",
    "links.unsubscribe",
    "campaign.launch_at",
    "deal.closes",
    "sender.postal_address",
    "sender.name",
)
_FILTERS = (
    "upper",
    'default("friend", true)',
    "default(sender.postal_address, true)",
    "trim",
    "title",
    "capitalize",
    "truncate(12)",
    'replace("a", "**b**")',
    "e",
    "string",
    "length",
    "first",
    "last",
    "list | last",
    "urlencode",
    "wordcount",
    "center(9)",
    "indent(2)",
    'map("upper") | join("-")',
)
#: ``{0}`` is any other expression.
_OPERATIONS = (
    "({0} ~ '!')",
    "('<' ~ {0} ~ '>')",
    "{0}[:3]",
    "{0}[2:4]",
    "{0}.upper()",
    "{0}.replace('a', 'o')",
    "'{{}}, {{}}'.format({0}, first_name)",
    "('%s.' % {0})",
    "('%s.' | format({0}))",
    "({0} + '+')",
    "('+' + {0})",
    "({0} or 'nobody')",
    "({0} if first_name else 'no name')",
    "{{'Ana': 'A', 'Bo': 'B'}}[{0}] | default('?')",
    "[{0}, first_name] | join(' & ')",
    "[{0}, 'a'] | first",
    "([{0}, 'b'] | sort | join)",
)
_CONDITIONS = (
    "{0}",
    "not {0}",
    "{0} == 'Ana'",
    "{0} != first_name",
    "'a' in {0}",
    "{0} in ['Ana', 'Bo']",
    "{0} | length > 3",
    "{0} is lower",
    "{0} is defined",
    "fields.a is defined",
    "subscriber.is_insider",
    "'t1' in subscriber.tags",
    "subscriber.tags | length == 1",
    "{0} and first_name",
)
_LOOPS = (
    "subscriber.tags",
    "fields",
    "subscriber.tags | sort(reverse=true)",
    "subscriber.tags | map('upper')",
    "[first_name, subscriber.last_name, 'x']",
    "range(2)",
    "first_name[:2]",
)
_WORDS = ("Hello ", "*so* ", "\n\n", "a. ", "\n- ", "**", "`", " & co ", "x" * 30, ".", "")


def expressions(names: Sequence[str] = _TEXTS, depth: int = 2) -> st.SearchStrategy[str]:
    """What may stand between ``{{`` and ``}}``."""
    plain = st.sampled_from(names)
    if not depth:
        return plain
    inner = expressions(names, depth - 1)
    filtered = st.builds("{} | {}".format, inner, st.sampled_from(_FILTERS)).map("({})".format)
    operated = st.builds(lambda shape, one: shape.format(one), st.sampled_from(_OPERATIONS), inner)
    return st.one_of(plain, plain, filtered, operated.map("({})".format))


def conditions() -> st.SearchStrategy[str]:
    return st.builds(lambda c, e: c.format(e), st.sampled_from(_CONDITIONS), expressions())


def pieces(depth: int = 2) -> st.SearchStrategy[str]:
    """A stretch of a copy, with everything that Jinja's manual has for text."""
    printed = expressions().map("{{{{ {} }}}}".format)
    words = st.sampled_from(_WORDS)
    link = st.builds("[read {}](https://a.example/?q={}&n={}) ".format, words, printed, printed)
    button = st.builds("\n\n[[button: Go {} | https://a.example/{}]]\n\n".format, words, printed)
    simple = st.one_of(words, printed, link, button)
    if not depth:
        return simple
    inner = st.lists(pieces(depth - 1), min_size=1, max_size=3).map("".join)
    return st.one_of(
        simple,
        simple,
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, conditions(), inner, inner),
        st.builds(
            "{{% if {} %}}{}{{% elif {} %}}{}{{% endif %}}".format,
            *(conditions(), inner, conditions(), inner),
        ),
        st.builds(
            "{{% for x in {} %}}{{{{ loop.index }}}}{{{{ x }}}}{}{{% endfor %}}".format,
            *(st.sampled_from(_LOOPS), inner),
        ),
        st.builds(_set_block, inner, expressions(("x", "first_name")), conditions()),
        st.builds("{{% set x = {} %}}{{{{ x }}}}{}".format, expressions(), inner),
        st.builds("{{% filter {} %}}{}{{% endfilter %}}".format, st.sampled_from(_FILTERS), inner),
        st.builds(
            "{{% macro m(a, b='!') %}}({{{{ a }}}}{}{{{{ b }}}}){{% endmacro %}}"
            "{{{{ m({}) }}}}{{{{ m({}) | upper }}}}".format,
            *(inner, expressions(), expressions()),
        ),
        st.builds(
            "{{% macro w() %}}[{{{{ caller() }}}}]{{% endmacro %}}"
            "{{% call w() %}}{}{{% endcall %}}".format,
            inner,
        ),
    )


def _set_block(inside: str, use: str, condition: str) -> str:
    return (
        f"{{% set x %}}{inside}{{% endset %}}{{{{ x }}}}{{{{ {use} }}}}"
        f"{{% if x == 'Ana' or {condition} %}}{{{{ x | length }}}}{{% endif %}}{{{{ x[1:4] }}}}"
    )


def copies() -> st.SearchStrategy[str]:
    """A whole copy of a day."""
    return st.lists(pieces(), min_size=1, max_size=5).map("".join)


def letters() -> st.SearchStrategy[dict[str, str]]:
    """Templates that extend, include and import one another, by name."""
    words = st.lists(
        st.one_of(
            expressions().map("{{{{ {} }}}}".format),
            st.sampled_from(("words ", "<b>bold</b> ", "<br />")),
        ),
        max_size=3,
    ).map("".join)
    return st.builds(_templates, words, words, conditions())


def _templates(one: str, other: str, condition: str) -> dict[str, str]:
    text = "<mj-text>{}</mj-text>".format
    return {
        "letter": (
            '{% extends "base.mjml.j2" %}{% from "macros.mjml.j2" import hi %}'
            f"{{% block top %}}{{{{ super() }}}}{text(one)}{{{{ hi(first_name) }}}}{{% endblock %}}"
        ),
        "base": (
            "<mjml><mj-body><mj-section><mj-column>"
            f"{{% block top %}}{text('Top ' + other)}{{% endblock %}}"
            f"{{% if {condition} %}}{{% include 'part.mjml.j2' %}}{{% endif %}}"
            f"{{{{ content }}}}</mj-column></mj-section>{FOOTER}</mj-body></mjml>"
        ),
        "part": text("part {{ self.x is defined }} " + one),
        "macros": "{% macro hi(n) %}<mj-text>Hi {{ n }}</mj-text>{% endmacro %}",
    }


def texts() -> st.SearchStrategy[str]:
    """What people may be called, and what may be known of them."""
    return st.one_of(
        st.sampled_from(HOSTILE), st.text(alphabet=st.characters(codec=None), max_size=40)
    )


@st.composite
def readers(draw: st.DrawFn) -> Recipient:
    """A subscriber with random fields."""
    fields = {name: draw(texts()) for name in ("a", "b", "c") if draw(st.integers(0, 5))}
    person: dict[str, Any] = {
        "last_name": draw(texts()),
        "tags": frozenset(draw(st.lists(st.sampled_from(["t1", "t2", "*t3*"]), max_size=3))),
        "is_insider": draw(st.booleans()),
    }
    return recipient(
        draw(texts()),
        fields,
        zone=draw(st.sampled_from(["Europe/Paris", "America/New_York"])),
        deal_code=draw(st.sampled_from([None, "CODE-1"])),
        **person,
    )
