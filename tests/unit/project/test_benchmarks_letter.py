"""What Jinja renders in the benchmark is the letter that we render, and no smaller task."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment

from benchmarks.letter import as_row, jinja_sources, make_recipients, make_renderer


def test_jinja_renders_the_same_letter(tmp_path: Path) -> None:
    renderer, addressing = make_renderer(tmp_path)
    [reader] = make_recipients(addressing, 1)
    fields = {"city": "Lyon", "plant": "beans", "plan": "garden"}
    person = reader.subscriber._replace(first_name="Zoe", fields=fields, tags=frozenset({"seeds"}))
    reader = reader._replace(subscriber=person)
    message = renderer.render(reader)
    html, text, subject = jinja_sources(renderer, addressing)
    row = as_row(reader)
    jinja = Environment(autoescape=True)
    assert jinja.from_string(html).render(row) == message.html
    assert jinja.from_string(text).render(row).strip() == message.text.strip()
    assert jinja.from_string(subject).render(row) == message.subject


def test_the_letter_is_as_large_as_the_one_that_was_asked_for(tmp_path: Path) -> None:
    """64 KB with 34 holes; a few more do us no favour."""
    renderer, addressing = make_renderer(tmp_path)
    messages = [renderer.render(reader) for reader in make_recipients(addressing, 30)]
    assert min(len(one.raw) for one in messages) > 64_000
    sources = jinja_sources(renderer, addressing)
    assert 34 <= sum(one.count("{{") for one in sources) <= 36
