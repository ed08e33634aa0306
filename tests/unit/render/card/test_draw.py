"""A share card holds any words: long ones are set smaller, then cut."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from lovecampaign.render.card.draw import SIZE, CardWords, draw_card

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
    base = SHORT._replace(text="Pushkin").text
    assert draw_card(SHORT._replace(text=f"{base} 😀"), COLOR) == draw_card(
        SHORT._replace(text=base), COLOR
    )
    assert draw_card(SHORT._replace(text="Пушкин"), COLOR) != draw_card(
        SHORT._replace(text=""), COLOR
    )
