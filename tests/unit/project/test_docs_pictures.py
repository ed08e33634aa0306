"""Does every page of the docs have its pictures, and every picture its page?"""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.paths import REPOSITORY

PAGES = (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md")))


def shown(page: Path) -> set[Path]:
    links = re.findall(r"(?:docs/)?screenshots/[\w/-]+\.png", page.read_text("utf-8"))
    return {(page.parent / link).resolve() for link in links}


def test_every_picture_is_there_and_is_shown() -> None:
    kept = {path.resolve() for path in (REPOSITORY / "docs").rglob("*.png")}

    assert set().union(*map(shown, PAGES)) == kept
