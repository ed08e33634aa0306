"""Fixtures of browser tests: one Chromium, and pages that note what leaves the machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

#: As a container's root has to start it, and without its own calls to the world.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NewPage = Callable[..., Page]
#: A busy machine is no mistake of a page's.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


# One for each module: Playwright keeps an event loop running in its thread, and the tests that
# come after it in the same process want to run their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; ``make chromium`` installs it on Debian."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path is not None, "there is no chromium: type make chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens pages in which every mistake of a script fails the test."""
    contexts = []
    mistakes: list[str] = []

    def open_page(*, width: int = 1280, height: int = 900, **settings: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert mistakes == []
