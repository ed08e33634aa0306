"""A share card holds any words: long ones are set smaller, then cut."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from lovecampaign.render.card.draw import SIZE, CardWords, draw_card, find_undrawable
from lovecampaign.render.card.typefaces import (
    SHIPPED,
    find_system_typeface,
    find_typeface,
    typeset,
)

COLOR = "#2f6b4f"
SHORT = CardWords("Why?", "Because.", "Ana", "Bloom")


def drawn(words: CardWords, color: str = COLOR) -> Image.Image:
    return Image.open(io.BytesIO(draw_card(words, color))).convert("RGB")


@pytest.mark.parametrize(
    "words",
    [
        SHORT,
        CardWords("Why? " * 60, "Because of it. " * 200, "Ana " * 15, "Bloom " * 30),
        CardWords("Why?" * 90, "b" * 2000, "W" * 60, "B" * 200),
        CardWords("", "", "", ""),
        CardWords("😀", "日本 😀", "😀", "日本"),
    ],
)
def test_nothing_leaves_the_margins(words: CardWords) -> None:
    card = drawn(words)

    assert card.size == SIZE
    paper = card.getpixel((SIZE[0] // 2, 10))
    for box in ((1115, 0, *SIZE), (20, 0, 80, SIZE[1]), (20, 600, *SIZE)):
        edge = card.crop(box)
        assert edge.getcolors() == [(edge.width * edge.height, paper)]


def test_the_brands_colour_is_on_it() -> None:
    assert drawn(SHORT).getpixel((5, 5)) == (0x2F, 0x6B, 0x4F)
    assert drawn(SHORT, "#c2185b").getpixel((5, 5)) == (0xC2, 0x18, 0x5B)


def test_accents_and_other_alphabets_are_drawn_and_emoji_left_out() -> None:
    plain = draw_card(SHORT._replace(text="Pushkin"), COLOR)
    assert draw_card(SHORT._replace(text="Pushkin 😀❤️‍🔥"), COLOR) == plain
    assert draw_card(SHORT._replace(text="𝓟𝓾𝓼𝓱𝓴𝓲𝓷"), COLOR) == plain  # as from a phone's keyboard
    assert draw_card(SHORT._replace(text="Пушкин"), COLOR) != plain


def test_letters_without_a_font_are_named_and_never_boxes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")  # no fontconfig
    find_typeface.cache_clear()
    words = SHORT._replace(text="無花果の木", name="ليلى")

    assert find_undrawable(words) == ["text", "name"]
    # The question stands in the place of the answer.
    assert draw_card(words, COLOR) == draw_card(words._replace(text="木", name=""), COLOR)
    assert draw_card(words, COLOR) != draw_card(words._replace(question=""), COLOR)


@pytest.mark.parametrize(("letters", "has"), [("ა", True), ("木", False)])
def test_a_font_of_the_system_is_used_only_if_it_has_the_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letters: str, has: bool
) -> None:
    program = tmp_path / "fc-list"
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    listed = f"{broken}\t0\tRegular\n{SHIPPED.file}\t65536\tBook\n"
    program.write_text(f"#!/bin/sh\nprintf '{listed}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    find_typeface.cache_clear()

    assert (typeset(letters) is not None) is has
    found = find_system_typeface(frozenset(letters))
    assert found == (SHIPPED if has else None)
