"""What the preview does for its author, and for no other."""

from __future__ import annotations

import io
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from lovecampaign.testing.campaigns import day_file, write_campaign
from tests.support.processes.preview import Page, RunningPreview, ask, running_preview

BOUNDARY = "picture-boundary"
WRONG = "campaigns/test-month/days/02-day-2.md"


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPreview]:
    """Day 3 is missing, so the month cannot be shown yet; day 2 names a field that is not there."""
    workspace = tmp_path_factory.mktemp("author")
    files = {"days/02-day-2.md": day_file(2, body="Hi {{ nam }}"), "days/03-day-3.md": None}
    write_campaign(workspace, days=4, files=files)
    (workspace / "editor.sh").write_text('#!/bin/sh\necho "$@" >> opened\n')
    (workspace / "editor.sh").chmod(0o755)
    words = f"{workspace}/editor.sh {{file}} {{line}}"
    with running_preview(workspace, "--editor", words) as running:
        yield running


def token_of(preview: RunningPreview) -> str:
    found = re.search(r'data-token="([^"]+)"', preview.get("/").text)
    assert found is not None
    return found[1]


def post(preview: RunningPreview, path: str, form: dict[str, str], **headers: str) -> Page:
    usual = {"Origin": preview.origin, "X-Form-Token": token_of(preview)}
    return preview.post(path, form, **{**usual, **headers})


def opened(preview: RunningPreview, wanted: str) -> str:
    """What the editor was called with, as soon as it was."""
    file = preview.workspace / "opened"
    for _ in range(500):
        if file.exists() and wanted in file.read_text():
            break
        time.sleep(0.01)
    return file.read_text() if file.exists() else ""


def test_a_missing_letter_is_written_and_opened_from_the_page_that_misses_it(
    preview: RunningPreview,
) -> None:
    page = preview.get("/").text
    assert "day 3 has no file" in page
    assert '<option value="3">3</option>' in page

    answer = post(preview, "/letter", {"day": "3", "kind": "story"})
    assert (answer.status, '"page":"/email/day-03"' in answer.text) == (200, True)
    assert "03-a-customer-s-story.md 2" in opened(preview, "03-a-customer-s-story.md")
    twice = post(preview, "/letter", {"day": "3", "kind": "story"})
    assert twice.status == 422
    assert "Day 3 has a letter already" in twice.text


@pytest.mark.parametrize("form", [{"day": "3"}, {"day": "x", "kind": "value"}, {}])
def test_an_incomplete_letter_is_refused(preview: RunningPreview, form: dict[str, str]) -> None:
    assert post(preview, "/letter", form).status == 422


def test_the_editor_is_opened_at_the_line(preview: RunningPreview) -> None:
    answer = post(preview, "/open", {"file": WRONG, "line": "7", "column": "2"})
    assert answer.text == '{"ok":true,"words":"Opened in editor.sh."}'
    assert f"{WRONG} 7\n" in opened(preview, WRONG)


@pytest.mark.parametrize("file", ["../secret.md", "/etc/passwd", ".env", "none.md", ""])
def test_no_other_file_is_opened(preview: RunningPreview, file: str) -> None:
    answer = post(preview, "/open", {"file": file, "line": "1"})
    assert answer.status == 422
    assert "passwd" not in opened(preview, WRONG)


@pytest.mark.parametrize("path", ["/open", "/letter", "/picture"])
@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"X-Form-Token": "guess"}, {"Origin": "null"}]
)
def test_pages_from_elsewhere_can_do_nothing(
    preview: RunningPreview, path: str, headers: dict[str, str]
) -> None:
    form = {"file": WRONG, "day": "3", "kind": "value"}
    assert post(preview, path, form, **headers).status == 403
    assert preview.get(path).status == 405


def upload(preview: RunningPreview, name: str, content: bytes) -> Page:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="{name}"'
    body = f"{head}\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = {
        "Origin": preview.origin,
        "X-Form-Token": token_of(preview),
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    return ask(urllib.request.Request(preview.origin + "/picture", data=body, headers=headers))


def test_a_picture_is_stored_beside_the_letters(preview: RunningPreview) -> None:
    written = io.BytesIO()
    Image.new("RGB", (2400, 1200), "red").save(written, "JPEG")
    answer = upload(preview, "My bread.jpg", written.getvalue())
    path = preview.workspace / "campaigns/test-month/images/my-bread.jpg"

    assert answer.status == 200
    assert '"path":"images/my-bread.jpg"' in answer.text
    with Image.open(path) as stored:
        assert stored.size == (1200, 600)
    assert upload(preview, "notes.txt", b"no picture").status == 422
    assert post(preview, "/picture", {"picture": "text"}).status == 422


def test_a_shared_preview_changes_no_file(tmp_path: Path) -> None:
    write_campaign(tmp_path, days=2)
    with running_preview(tmp_path, "--share") as shared:
        key = shared.url.partition("?")[2]
        page = shared.get("/", Cookie=f"lovecampaign_preview={key.partition('=')[2]}")
        assert page.status == 200
        assert "data-token" not in page.text
        assert "author.js" not in page.text
        for path in ("/open", "/letter", "/picture"):
            answer = shared.post(f"{path}", {}, Cookie=f"lovecampaign_preview={key[4:]}")
            assert answer.status == 404
