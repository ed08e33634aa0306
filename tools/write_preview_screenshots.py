"""Screenshots of the preview for docs/writing.md and README.md: the example with eight readers.

python -m tools.write_preview_screenshots
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.conftest import FLAGS, PATIENCE_MS
from tests.chaos.commands import fork_command
from tests.support.example_shop import LONG_AGO
from tests.support.paths import REPOSITORY
from tests.support.processes.preview import running_preview

FOLDER = REPOSITORY / "docs" / "screenshots"
DESK = ViewportSize(width=1280, height=960)
PHONE = ViewportSize(width=390, height=844)
READERS = """\
email,first_name,last_name,timezone,tags,consent_at
joana@example.com,Joana,Silva,Europe/Lisbon,,AGREED
mai@example.com,Mai,Tran,Asia/Tokyo,,AGREED
ali@example.com,Ali,Reza,Europe/Paris,staff,AGREED
chloe@example.com,Chloé,Martin,Europe/Paris,,AGREED
noe@example.com,Noé,Diallo,Africa/Dakar,,AGREED
aroha@example.com,Aroha,Ngata,Pacific/Auckland,,AGREED
priya@example.com,Priya,Nair,Asia/Kolkata,,AGREED
sven@example.com,Sven,Berg,Europe/Oslo,,AGREED
"""
#: A word of day 2, and the mistake in its place.
WORD, MISTAKE = "Take a photo before", "Take a {{ photoo }} before"


def make_workspace(folder: Path) -> None:
    for part in ("campaigns", "templates"):
        shutil.copytree(REPOSITORY / part, folder / part)
    heading, *rows = READERS.replace("AGREED", LONG_AGO).splitlines()
    for name, members in (("readers", rows), ("insiders", rows[:2])):
        file = folder / f"{name}.csv"
        file.write_text("\n".join([heading, *members]), "utf-8")
        words = ("--list", name, "--apply", "--now", LONG_AGO)
        fork_command("subscribers", "import", file, *words, cwd=folder).done()


def save(page: Page, name: str) -> None:
    for unfinished in ("counting …", "checking …"):
        expect(page.get_by_text(unfinished)).to_have_count(0)
    page.wait_for_timeout(500)  # letters in frames
    page.screenshot(path=FOLDER / f"preview-{name}.png")


def shoot_pages(browser: Browser, origin: str, workspace: Path) -> None:
    page = browser.new_page(viewport=DESK, locale="en-GB", reduced_motion="reduce")
    page.set_default_timeout(PATIENCE_MS)
    for name, path in (
        ("month", "/"),
        ("day", "/day/2027-02-27"),
        ("reader", "/reader?as=late"),
        ("email", "/email/day-02"),
    ):
        page.goto(origin + path)
        save(page, name)
    letter = workspace / "campaigns" / "customer-love" / "days" / "02-jam-jar.md"
    letter.write_text(letter.read_text("utf-8").replace(WORD, MISTAKE), "utf-8")
    page.get_by_text("LC103").first.wait_for()
    save(page, "mistake")
    page.emulate_media(color_scheme="dark")
    page.goto(origin + "/email/launch")
    page.get_by_role("button", name="dark").click()
    save(page, "dark")


def shoot_letters(browser: Browser, origin: str) -> None:
    """Whole letters, as the reader Joana gets them."""
    page = browser.new_page(viewport={"width": 640, "height": 400})
    for name, path in (
        ("letter", "day-01?as=1"),
        ("tool-dark", "day-02?as=1&mode=dark"),
        ("launch", "early-access?as=1"),
    ):
        page.goto(f"{origin}/frame/{path}")
        page.screenshot(path=FOLDER / f"{name}.png", full_page=True)


def shoot_phone(browser: Browser, origin: str) -> None:
    page = browser.new_page(viewport=PHONE, device_scale_factor=2, locale="en-GB")
    page.goto(origin)
    save(page, "phone")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        make_workspace(folder)
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        with running_preview(folder) as preview:
            shoot_letters(browser, preview.origin)
            shoot_phone(browser, preview.origin)
            shoot_pages(browser, preview.origin, folder)
        browser.close()


if __name__ == "__main__":
    main()
