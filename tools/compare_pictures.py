"""Screenshots of pairs of HTML documents, and how many of their pixels differ."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Page, Route, sync_playwright

from tests.browser.conftest import FLAGS

#: Widths of the window in CSS pixels: a mail program's pane, and a small phone.
WIDTHS = (640, 320)
_HEIGHT = 800
_PIXEL = base64.b64decode("R0lGODlhAQABAPAAAP8AAAAAACwAAAAAAQABAAACAkQBADs=")
_COUNT = """async ([one, other]) => {
  const read = async (png) => {
    const blob = await (await fetch("data:image/png;base64," + png)).blob();
    const picture = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    const { data } = canvas.getImageData(0, 0, picture.width, picture.height);
    return { height: picture.height, data: new Uint32Array(data.buffer) };
  };
  const [a, b] = [await read(one), await read(other)];
  let count = 0;
  const length = Math.min(a.data.length, b.data.length);
  for (let at = 0; at < length; at++) if (a.data[at] !== b.data[at]) count++;
  return [count, b.height - a.height];
}"""


def compare_pictures(
    pairs: Mapping[str, tuple[str, str]], folder: Path
) -> Iterator[tuple[str, str]]:
    """Name and difference of each pair that differs; writes its pictures into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=list(FLAGS)) as browser,
    ):
        page = browser.new_page()
        page.route("**/*", _answer)
        counter = browser.new_page()
        for name, pair in pairs.items():
            for width in WIDTHS:
                taken = [_take(page, html, width) for html in pair]
                if taken[0] == taken[1]:
                    continue
                encoded = [base64.b64encode(one).decode() for one in taken]
                pixels, taller = counter.evaluate(_COUNT, encoded)
                _write(folder, f"{name.replace('/', '+')}-{width}", taken)
                yield name, f"{pixels} pixels at {width} px; {taller:+} px in height"


def _answer(route: Route) -> None:
    """Every image is one pixel; nothing is fetched."""
    if route.request.resource_type == "image":
        route.fulfill(body=_PIXEL, content_type="image/gif")
    else:
        route.abort()


def _take(page: Page, html: str, width: int) -> bytes:
    page.set_viewport_size({"width": width, "height": _HEIGHT})
    page.set_content(html, wait_until="load")
    return page.screenshot(full_page=True)


def _write(folder: Path, name: str, pictures: Sequence[bytes]) -> None:
    for picture, whose in zip(pictures, ("npm", "ours"), strict=True):
        (folder / f"{name}-{whose}.png").write_bytes(picture)
