"""Whatever a person's data holds, it reaches them as words: never as markup, link or header."""

from __future__ import annotations

import email
from email.policy import default as modern
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.render.values.tokens import clean, one_line
from tests.support.render_kit import Workbench, in_column, recipient
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


def test_a_value_inside_an_address_is_encoded_and_keeps_what_is_encoded(tmp_path: Path) -> None:
    message = Workbench(tmp_path).render(
        "[x](https://a.example/?n={{ first_name }})", first_name="a b%20c&d\"'"
    )
    assert 'href="https://a.example/?n=a%20b%20c&amp;d%22&#39;"' in message.html
    assert "https://a.example/?n=a%20b%20c&d%22'" in message.text


def test_the_empty_value_prints_nothing(tmp_path: Path) -> None:
    assert Workbench(tmp_path).words("a{{ first_name }}b", first_name="") == "ab"


def test_values_in_single_quoted_attributes_cannot_leave_them(renderer: EmailRenderer) -> None:
    shape = _Shape(renderer.render(recipient("a' onclick='b")).html)
    assert ("title", "a' onclick='b") in shape.values
    assert "onclick" not in [name for name, _ in shape.values]
