"""axe-core's rules for WCAG 2.2 AA, in light and dark mode."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Literal

from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
#: WCAG 2.0 to 2.2, A and AA, and what axe's authors call good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: At 320 px nothing may scroll sideways (WCAG 2.2, 1.4.10).
NARROWEST = 320


def assert_accessible(page: Page) -> None:
    """Fails with each violation, in both colour schemes, and where the page does not reflow."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        found = _violations(page)
        assert not found, "\n".join([f"{page.url} in {scheme}:", *found])
    _assert_reflows(page)


def _violations(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES
    )
    return [
        f"{one['id']}: {one['help']}: {', '.join(str(node['target']) for node in one['nodes'])}"
        for one in found["violations"]
    ]


def _assert_reflows(page: Page) -> None:
    before = page.viewport_size
    page.set_viewport_size({"width": NARROWEST, "height": 700})
    width = page.evaluate("document.documentElement.scrollWidth")
    if before is not None:
        page.set_viewport_size(before)
    assert width <= NARROWEST, f"{page.url} scrolls sideways on a small phone"
