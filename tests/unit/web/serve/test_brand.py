"""Brand colours are readable on our pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.render.model.contrast import READABLE, contrast
from lovecampaign.web.serve.content import brand as module
from lovecampaign.web.serve.content.brand import style_name, style_path, stylesheet

CSS = (Path(module.__file__).parents[1] / "static" / "pages.css").read_text("utf-8")
#: WCAG 2.2, 1.4.11: what one must see to use a page.
VISIBLE = 3.0
colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def schemes(css: str) -> list[dict[str, str]]:
    """The custom properties of ``:root``: in light, in dark."""
    return [dict(re.findall(r"--([a-z-]+): (#\w+)", block)) for block in css.split("@media")[:2]]


PAPERS = schemes(CSS)


@settings(max_examples=60)
@given(color=colors)
def test_links_and_buttons_of_every_brand_can_be_read(color: str) -> None:
    for ours, brand in zip(PAPERS, schemes(stylesheet(color)), strict=True):
        assert contrast(brand["accent"], ours["paper"]) >= READABLE
        assert contrast(brand["on-button"], brand["button"]) >= READABLE


@pytest.mark.parametrize("scheme", PAPERS, ids=["light", "dark"])
def test_our_own_colours_can_be_read_and_seen(scheme: dict[str, str]) -> None:
    for word in ("ink", "soft", "error"):
        for paper in ("paper", "sheet"):
            assert contrast(scheme[word], scheme[paper]) >= READABLE, (word, paper)
    assert contrast(scheme["ink"], scheme["error-paper"]) >= READABLE
    for paper in ("paper", "sheet"):
        assert contrast(scheme["field"], scheme[paper]) >= VISIBLE


def test_a_colour_has_a_name_that_changes_with_it() -> None:
    assert style_name("#f2c14e") != style_name("#f2c14f")
    assert style_path("#f2c14e") == f"/style/{style_name('#f2c14e')}"
    assert style_path(None) == style_path("#7a3b2e")
