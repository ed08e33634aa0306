"""A note and the counts of giving print the same on both paths, in that person's copy alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.render.model.recipient import Giving
from tests.support.render_kit import Workbench, recipient

NOTE = "P.S. Your fig <b>lives</b>, {{ links.unsubscribe }} *truly*. — Ana"
COPIES = (
    "Hi {{ first_name }}.",
    "{% if note %}> {{ note }}\n\n{% endif %}Hi.",
    "{{ gifts.count }} given, {{ asks.count }} asked.",
    "{% if gifts.count >= 3 %}Many.{% endif %} {{ note }}",
)


@pytest.mark.parametrize("copy", COPIES)
def test_both_paths_give_the_same_bytes(tmp_path: Path, copy: str) -> None:
    bench = Workbench(tmp_path)
    renderer = bench.renderer(bench.email(copy))
    for note, gifts in (("", 0), (NOTE, 3), ("", 2), ("P.S. B — Bo", 12)):
        person = recipient()._replace(note=note, giving=Giving(gifts=gifts, asks=1))
        fast, plain = renderer.render(person), renderer.plain.render(person)
        assert (fast.raw, fast.html, fast.text) == (plain.raw, plain.html, plain.text)
        assert bool(note) == ("P.S." in fast.text)
    assert renderer.fallback is None


def test_a_note_stands_behind_the_copy_where_no_template_prints_it(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    renderer = bench.renderer(bench.email("Hi there.\n\nBye for now."))
    message = renderer.render(recipient()._replace(note=NOTE))

    assert message.text.index("Bye for now.") < message.text.index(NOTE)
    assert message.html.count("Your fig") == 1
    assert "<b>lives" not in message.html
    assert NOTE not in renderer.render(recipient()).text


def test_where_the_copy_prints_it_it_stands_there_alone(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    message = bench.renderer(bench.email("{{ note }}\n\nBye.")).render(
        recipient()._replace(note=NOTE)
    )

    assert message.text.count("Your fig") == 1
    assert message.text.index("Your fig") < message.text.index("Bye.")
