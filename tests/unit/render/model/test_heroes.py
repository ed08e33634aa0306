"""Heroes print the same on both paths, and only those of the recipient's claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lovecampaign.render.model.heroes import Hero, Heroes
from tests.support.render_kit import Workbench, recipient

COPIES = (
    "{% for hero in heroes %}{{ hero.name }}: {{ hero.text }}. {% else %}none{% endfor %}",
    "{% for hero in heroes_of('day-04')[:1] %}> {{ hero.text }}\n{% endfor %}{{ heroes | length }}",
    "{% if heroes %}{{ heroes[0].paragraphs | join(' / ') }}{% endif %}{{ first_name }}",
    "{{ heroes | map(attribute='name') | join(', ') }} {{ heroes_of(fields.day) | length }}",
)
HOSTILE = '{{ links.unsubscribe }} **<b onclick="x">** [[button: a | https://evil.example]]'


def heroes(*names: str, day: str = "day-04") -> Heroes:
    return Heroes(
        tuple(
            Hero(name=name, text=HOSTILE, paragraphs=(HOSTILE, "b"), question="Why?", day=day)
            for name in names
        )
    )


CLAIMS: Sequence[Heroes] = (Heroes(), heroes("Ana", "Bo & Co"), heroes("Ana", day="day-05"))


@pytest.mark.parametrize("copy", COPIES)
def test_both_paths_give_the_same_bytes_for_every_claim(tmp_path: Path, copy: str) -> None:
    bench = Workbench(tmp_path)
    renderer = bench.renderer(bench.email(copy))
    for claim in (*CLAIMS, *CLAIMS):
        for name in ("Mai", "Noé"):
            person = recipient(name, {"day": "day-04"})._replace(heroes=claim)
            fast, plain = renderer.render(person), renderer.plain.render(person)
            assert (fast.raw, fast.html, fast.text) == (plain.raw, plain.html, plain.text)
    assert renderer.fallback is None


def test_words_of_a_reader_are_never_read_as_template_markdown_or_html(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    person = recipient()._replace(heroes=heroes("<i>Bo</i>"))
    message = bench.renderer(bench.email(COPIES[0])).render(person)

    assert HOSTILE in message.text
    assert "&lt;i&gt;Bo&lt;/i&gt;" in message.html
    assert "<b onclick" not in message.html
    assert "evil.example]]" in message.html


def test_an_email_without_heroes_asks_for_none(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)

    assert not bench.renderer(bench.email("Hi {{ first_name }}")).prints_heroes
    assert bench.renderer(bench.email(COPIES[1])).prints_heroes


def test_equal_stories_have_one_version_in_every_claim() -> None:
    assert heroes("Ana").version == heroes("Ana").version
    assert heroes("Ana").version != heroes("Bo").version
