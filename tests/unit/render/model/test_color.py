"""Every brand colour gets shades that can be read on paper, in dark mode and on the button."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.render.model.contrast import (
    DARK_PAPER,
    PAPER,
    READABLE,
    contrast,
    for_dark_background,
    for_paper,
    shades_of,
    text_on,
)

COLORS = st.binary(min_size=3, max_size=3).map(lambda channels: "#" + channels.hex())


@settings(max_examples=200)
@given(color=COLORS)
def test_every_shade_is_readable_where_it_stands(color: str) -> None:
    shades = shades_of(color)
    assert contrast(shades.color_on_paper, PAPER) >= READABLE
    assert contrast(shades.color_dark, DARK_PAPER) >= READABLE
    assert contrast(shades.on_color, color) >= READABLE
    assert contrast(shades.on_color_dark, shades.color_dark) >= READABLE


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # WCAG's well-known grey that just fails
        ("#767676", "#ffffff", 4.54),  # and the one that just passes
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


def test_a_colour_that_can_be_read_already_is_left_alone() -> None:
    assert for_paper("#a8324a") == "#a8324a"
    assert for_dark_background("#f2b8c6") == "#f2b8c6"


def test_a_pale_brand_is_darkened_on_paper_and_gets_dark_words_on_its_button() -> None:
    assert for_paper("#ffd54f") != "#ffd54f"
    assert text_on("#ffd54f") == "#2b2622"


def test_short_hex_means_the_same_as_long() -> None:
    assert shades_of("#A34") == shades_of("#aa3344")


@pytest.mark.parametrize("color", ["", "red", "#12", "#12345", "#gggggg", "a8324a", "#a8324a\n"])
def test_what_is_no_colour_is_refused_with_an_example(color: str) -> None:
    with pytest.raises(ValueError, match="#a8324a"):
        text_on(color)
