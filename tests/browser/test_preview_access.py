"""Whoever cannot see well, or has no mouse, finds their way around too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from lovecampaign.testing.campaigns import day_file, write_campaign
from tests.browser.conftest import NewPage
from tests.support.processes.preview import RunningPreview, running_preview

PATHS = ("/", "/email/day-02", "/email/day-03", "/reader?as=late", "/day/2027-02-02")
#: What is wrong with a page as a whole, in words; after WCAG 2.2, 1.3.1, 1.4.3, 2.4.6 and 4.1.2.
FAULTS = """
() => {
  const faults = [];
  const isSeen = (some) => some.checkVisibility({ visibilityProperty: true });
  const nameOf = (some) =>
    some.getAttribute("aria-label") || some.labels?.[0]?.textContent || some.textContent || "";
  for (const some of document.querySelectorAll("button, a[href], input, select, [role=slider]")) {
    if (isSeen(some) && some.type !== "hidden" && !nameOf(some).trim()) {
      faults.push(`no name: ${some.outerHTML.slice(0, 90)}`);
    }
  }
  for (const each of document.querySelectorAll("[aria-labelledby], [aria-controls]")) {
    const id = each.getAttribute("aria-labelledby") || each.getAttribute("aria-controls");
    if (!document.getElementById(id)) faults.push(`names ${id}, which is not there`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  for (const id of ids) {
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`twice: #${id}`);
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paperOf = (some) => {
    for (let each = some; each; each = each.parentElement) {
      const color = rgba(getComputedStyle(each).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const some = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !isSeen(some)) continue;
    const [ink, paper] = [light(rgba(getComputedStyle(some).color)), light(paperOf(some))];
    const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (contrast < 4.5) {
      faults.push(`contrast ${contrast.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
    }
  }
  return [...new Set(faults)];
}
"""


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPreview]:
    workspace = tmp_path_factory.mktemp("access")
    mistake = day_file(3, body="Hi {{ first_nme }}, it costs 59 EUR.")
    write_campaign(workspace, days=4, files={"days/03-day-3.md": mistake})
    with running_preview(workspace) as running:
        yield running


@pytest.mark.parametrize("machine", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_everything_has_a_name_and_can_be_read(
    preview: RunningPreview, new_page: NewPage, path: str, machine: str
) -> None:
    page = new_page(color_scheme=machine, reduced_motion="reduce")
    page.goto(preview.origin + path)
    expect(page.locator("#live")).to_have_text("live")

    assert page.evaluate(FAULTS) == []


def test_the_focus_is_seen_wherever_it_is(preview: RunningPreview, new_page: NewPage) -> None:
    page = new_page()
    page.goto(preview.origin + "/email/day-02")
    seen = set()
    for _ in range(24):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "() => { const some = document.activeElement;"
                " return [some.tagName, getComputedStyle(some).outlineStyle].join(' ') }"
            )
        )

    assert {"A solid", "BUTTON solid", "INPUT solid"} <= seen
    assert not any(each.endswith(" none") for each in seen if not each.startswith(("IFRAME", "B")))


def test_a_question_mark_tells_every_key(preview: RunningPreview, new_page: NewPage) -> None:
    page = new_page()
    page.goto(preview.origin + "/email/day-02")
    page.keyboard.press("?")
    told = page.get_by_role("dialog", name="Keys")

    expect(told).to_contain_text("next and previous email")
    page.keyboard.press("j")  # no key works behind it
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    assert page.url.endswith("/email/day-02")
    page.get_by_role("button", name="all keys").click()
    expect(told).to_be_visible()
    told.get_by_role("button", name="Close").click()
    expect(told).to_be_hidden()


def test_arrows_walk_over_the_tabs(preview: RunningPreview, new_page: NewPage) -> None:
    page = new_page()
    page.goto(preview.origin + "/email/day-02")
    page.get_by_role("tab", name="letter").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="text")).to_be_visible()
    for key in ("ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)

    expect(page.get_by_role("tabpanel", name="links")).to_be_visible()
    expect(page.get_by_role("tab", name="links")).to_be_focused()
