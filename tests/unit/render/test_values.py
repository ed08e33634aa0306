"""Whatever a person's data holds, it reaches them as words: never as markup, link or header."""

from __future__ import annotations

import email
from email.policy import default as modern
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.render.values.tokens import clean, one_line
from tests.support.render_kit import LINKS, Workbench, in_column, recipient
from tests.support.render_sources import HOSTILE

COPY = """\
Hi {{ first_name }}, *dear {{ first_name }}*

- {{ first_name }}

[read {{ first_name }}](https://bloom.example/?n={{ first_name }})

[[button: Go {{ first_name }} | https://bloom.example/{{ first_name }}]]

[[image: https://bloom.example/a.png | Seen by {{ first_name }}]]

{% set said %}{{ first_name }}{% endset %}{{ said }} {{ said ~ "." }}
"""


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> EmailRenderer:
    bench = Workbench(tmp_path_factory.mktemp("values"))
    bench.write_template(
        "letter",
        in_column(
            '{{ content }}<mj-text><!--[if mso]><b title="{{ first_name }}">{{ first_name }}</b>'
            "<![endif]--><span title='{{ first_name }}'>.</span></mj-text>"
        ),
    )
    return bench.renderer(bench.email(COPY, subject="For {{ first_name }}!"))


class _Shape(HTMLParser):
    """The tags and attribute names of a document, and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    @property
    def links(self) -> list[str]:
        return [value for name, value in self.values if name == "href" and value]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("value", [value for value in HOSTILE if value.strip()])
def test_hostile_values_stay_words(renderer: EmailRenderer, value: str) -> None:
    _assert_stays_words(renderer, value)


@given(st.text(alphabet=st.characters(codec=None), min_size=1, max_size=60))
@example("\x1c")
def test_any_text_stays_words(renderer: EmailRenderer, value: str) -> None:
    _assert_stays_words(renderer, value)


def _assert_stays_words(renderer: EmailRenderer, value: str) -> None:
    message = renderer.render(recipient(value))
    cleaned = clean(value)
    harmless = renderer.render(recipient("Ana"))
    if cleaned:
        assert _Shape(message.html).tags == _Shape(harmless.html).tags
        assert f"Hi {cleaned}, " in message.text
        assert f"Hi {cleaned}, " in "".join(_Shape(message.html).words)
    read = email.message_from_bytes(message.raw, policy=modern)
    assert not read.defects
    assert sorted(read.keys()) == sorted(email.message_from_bytes(harmless.raw).keys())
    assert str(read["Subject"]).split() == one_line(f"For {cleaned}!").split()
    assert message.subject == one_line(f"For {cleaned}!")
    assert message.raw == renderer.render(recipient(value)).raw
    assert all(len(line) <= 998 for line in message.raw.split(b"\r\n"))


@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", " javascript:x", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x",
     "//evil.example", "bloom.example", "https:", "http", "java\nscript:x", "ftp://x"],
)  # fmt: skip
@pytest.mark.parametrize(
    "copy", ["[x]({{ fields.site }})", "[[button: x | {{ fields.site }}]]",
             "[x]({{ fields.site }}{{ first_name }})"]
)  # fmt: skip
def test_a_value_cannot_decide_for_another_scheme(tmp_path: Path, copy: str, value: str) -> None:
    """That person's email fails with the reason; nobody gets a dead or a dangerous link."""
    with pytest.raises(RenderError, match="neither http://, https:// nor mailto:"):
        Workbench(tmp_path).render(copy, fields={"site": value})


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://a.example/x y", "https://a.example/x%20y"),
        ("HTTP://a.example/ü", "HTTP://a.example/%C3%BC"),
        ("https://a.example/%41%4", "https://a.example/%41%254"),
        ("mailto:ana@a.example", "mailto:ana@a.example"),
        ('https://a.example/?q="<b>&c=d#e', "https://a.example/?q=%22%3Cb%3E&amp;c=d#e"),
        ("https://a.example/a\nb", "https://a.example/a%20b"),
    ],
)
def test_a_whole_address_is_encoded_where_it_must_be(
    tmp_path: Path, value: str, address: str
) -> None:
    message = Workbench(tmp_path).render("[x]({{ fields.site }})", fields={"site": value})
    assert f'href="{address}"' in message.html
    assert address.replace("&amp;", "&") in message.text.split("\n")


#: Values that an address must carry whole.
IN_ADDRESSES = (
    "ana+news@reader.example", "a&b=c", "a#b?c", "50% off", "100%zz", "Zoë \"x\" 'y'", "a b%20c&d",
    "https://a.example/?x=1&y=2#z", "%ff", "a;b:c,d$e!f(g)*h", "../..", "[x]|{y}\\z^`",
)  # fmt: skip


@pytest.mark.parametrize("value", IN_ADDRESSES)
@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/?n=VALUE&z=1",
        "https://a.example/?a=1&n=VALUE",
        "https://a.example/p?n=xVALUEy#f",
        "https://a.example/p/VALUE/q?z=1",
        "https://a.example/p#VALUE",
        "https://a.example/p?z=1#a=VALUE",
        "#VALUE",
        "mailto:hi@a.example?subject=VALUE&body=x",
        "mailto:hi@a.example?body=x&subject=VALUE",
        "{{ links.share }}&n=VALUE",
        "{{ links.web_view }}/VALUE",
    ],
)
def test_a_value_inside_an_address_arrives_as_it_is(
    tmp_path: Path, address: str, value: str
) -> None:
    """On both paths, in both parts, in links and buttons."""
    bench = Workbench(tmp_path)
    copy = f"[x]({address})\n\n[[button: x | {address}]]".replace("VALUE", "{{ first_name }}")
    renderer = bench.renderer(bench.email(copy))
    person = recipient(value)
    message = renderer.plain.render(person)
    for _ in range(2):
        spliced = renderer.render(person)
        assert (spliced.html, spliced.text, spliced.raw) == (
            message.html, message.text, message.raw
        )  # fmt: skip
    start, _, end = (
        address.replace("{{ links.share }}", LINKS.share)
        .replace("{{ links.web_view }}", LINKS.web_view)
        .partition("VALUE")
    )
    written = [one for one in _Shape(message.html).links if one.startswith(start)]
    assert len(written) == 2
    for one in (*written, *(line for line in message.text.split("\n") if line.startswith(start))):
        assert one.endswith(end)
        inside = one.removeprefix(start).removesuffix(end)
        assert not set(inside) & set("?&#+=@ ")
        assert unquote(inside, errors="surrogateescape") == value


@pytest.mark.parametrize(
    ("copy", "person", "address"),
    [
        ("https://a.example/?e={{ subscriber.email | urlencode }}",
         {"email": "ana+news@a.example"}, "https://a.example/?e=ana%2Bnews%40a.example"),
        ("https://a.example/?n={{ first_name }}", {"first_name": "J%C3%BCrg%2FM"},
         "https://a.example/?n=J%C3%BCrg%2FM"),
        ("https://a.example/?{{ {'a': first_name, 'b': 'c d'} | urlencode }}",
         {"first_name": "x&y"}, "https://a.example/?a=x%26y&b=c+d"),
        ("https://a.example/?z=1&{{ fields.a }}", {"fields": {"a": "utm_source=a&b=c d#e"}},
         "https://a.example/?z=1&utm_source=a&b=c%20d%23e"),
        ("https://a.example/?{{ first_name }}", {"first_name": "a&b"},
         "https://a.example/?a%26b"),
        ("mailto:{{ subscriber.email }}", {"email": "ana+news@a.example"},
         "mailto:ana+news@a.example"),
        ("mailto:{{ subscriber.email }}?subject=x", {"email": "a&b?c@a.example"},
         "mailto:a%26b%3Fc@a.example?subject=x"),
        ("tel:{{ fields.a }}", {"fields": {"a": "+33 1"}}, "tel:+33%201"),
        ("https://{{ fields.a }}/x", {"fields": {"a": "shop.a.example:8080"}},
         "https://shop.a.example:8080/x"),
        ("https://{{ fields.a }}", {"fields": {"a": "a.example/@ana?b=c&d"}},
         "https://a.example/@ana?b=c&d"),
        ("https://a.example{{ fields.a }}", {"fields": {"a": "@evil.example/x"}},
         "https://a.example%40evil.example/x"),
    ],
)  # fmt: skip
def test_a_value_is_encoded_once_and_for_its_place(
    tmp_path: Path, copy: str, person: dict[str, Any], address: str
) -> None:
    message = Workbench(tmp_path).render(f"[[button: x | {copy}]]", **person)
    assert address in _Shape(message.html).links
    assert address in message.text.split("\n")


def test_the_empty_value_prints_nothing(tmp_path: Path) -> None:
    assert Workbench(tmp_path).words("a{{ first_name }}b", first_name="") == "ab"


def test_values_in_single_quoted_attributes_cannot_leave_them(renderer: EmailRenderer) -> None:
    shape = _Shape(renderer.render(recipient("a' onclick='b")).html)
    assert ("title", "a' onclick='b") in shape.values
    assert "onclick" not in [name for name, _ in shape.values]
