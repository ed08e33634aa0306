"""The gift of the example month: six weeks of sowing on one page, to print.

Chromium prints it. python -m tools.write_example_gift
"""

from __future__ import annotations

import re
import shutil
from html import escape

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS
from tests.support.paths import REPOSITORY

EXAMPLE = REPOSITORY / "campaigns" / "customer-love"
FILE = EXAMPLE / "files" / "six-weeks-of-sowing.pdf"
LETTER = EXAMPLE / "days" / "21-sowing-list.md"
PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>Six weeks of sowing</title>
<style>
@page { size: A4; margin: 22mm 20mm }
body { font: 12.5pt/1.5 Georgia, "DejaVu Serif", serif; color: #2b2623 }
h1 { font-size: 27pt; margin: 0 0 2mm; color: #a8324a; font-weight: normal }
p { margin: 0 0 8mm; color: #685f57 }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-size: 10pt; color: #685f57; font-weight: normal; padding-bottom: 2mm }
td { border-top: 1px solid #d8cec0; padding: 5mm 4mm 5mm 0; vertical-align: top }
td:first-child { white-space: nowrap; color: #a8324a }
td:last-child { width: 38mm; border-left: 1px solid #d8cec0 }
footer { margin-top: 10mm; font-size: 10pt; color: #685f57 }
</style>
<h1>Six weeks of sowing</h1>
<p>Week one is six weeks before the nights stay mild where you live.</p>
<table><thead><tr><th>When<th>What, and how<th style="padding-left:4mm">When I really did it</thead>
ROWS</table>
<footer>From Ana at Bloom. Give a copy to the neighbour who gets the second tomato.</footer>
</html>
"""


def main() -> None:
    weeks = re.findall(r"(?m)^\*\*(Week \w+)\.\*\* (.+)$", LETTER.read_text("utf-8"))
    rows = "".join(f"<tr><td>{week}<td>{escape(words)}<td>" for week, words in weeks)
    FILE.parent.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.set_content(PAGE.replace("ROWS", rows))
        page.pdf(path=FILE, prefer_css_page_size=True)
        browser.close()


if __name__ == "__main__":
    main()
