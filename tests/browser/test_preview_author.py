"""The author's tools of the preview in a browser."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from lovecampaign.testing.campaigns import day_file, write_campaign
from tests.browser.conftest import NewPage
from tests.support.accessibility import assert_accessible
from tests.support.processes.preview import RunningPreview, running_preview


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPreview]:
    workspace = tmp_path_factory.mktemp("author")
    files = {"days/02-day-2.md": day_file(2, body="Hi {{ nam }}"), "days/03-day-3.md": None}
    write_campaign(workspace, days=4, files=files)
    with running_preview(workspace, "--editor", "true") as running:
        yield running


def test_an_author_writes_opens_copies_and_drops(
    preview: RunningPreview, new_page: NewPage
) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    told = page.locator("#told")

    page.goto(preview.url)  # day 3 is missing: the month cannot be shown
    assert_accessible(page)
    page.get_by_label("kind").select_option("story")
    page.get_by_role("button", name="Write the file").click()
    expect(page.locator("#calendar")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^open ")).first).to_be_visible()
    assert_accessible(page)

    page.get_by_role("button", name=re.compile("^open .*02-day-2.md:")).first.click()
    expect(told).to_have_text("Opened in true.")
    page.get_by_role("button", name=re.compile("^copy the path of .*02-day-2.md:")).first.click()
    expect(told).to_contain_text("Copied: ")
    path = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{preview.workspace}/campaigns/.*/02-day-2.md:\d+:\d+", path)

    written = io.BytesIO()
    Image.new("RGB", (1300, 20)).save(written, "PNG")
    dropped = page.evaluate_handle(
        """(bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "Brot.png"));
          return data;
        }""",
        list(written.getvalue()),
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": dropped})
    expect(page.locator(".drop")).to_be_visible()
    page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})
    expect(page.get_by_role("dialog")).to_contain_text("1200 × 18 pixels")
    assert_accessible(page)
    page.get_by_label("what it shows").fill("Two loaves | warm")
    page.get_by_role("button", name="Copy the line").click()
    expect(told).to_contain_text("Two loaves")
    line = page.evaluate("navigator.clipboard.readText()")
    assert re.sub(" +", " ", line) == "[[image: images/brot.png | Two loaves warm]]"
    assert Path(preview.workspace, "campaigns/test-month/images/brot.png").is_file()
