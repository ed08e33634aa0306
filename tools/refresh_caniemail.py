"""Refreshes the checks' table of unsupported HTML and CSS features from Can I Email.

    python tools/refresh_caniemail.py

Needs npm, which fetches the package ``caniemail`` (MIT) from its registry. Kept is what rules
use: for each HTML or CSS feature that a pattern can find, the mail programs that drop it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = "caniemail@2.0.2"
DATA = Path(__file__).parents[1] / "lovecampaign" / "checks" / "data"

#: The most used mail programs, by their common names.
PROGRAMS = {
    ("gmail", "desktop-webmail"): "Gmail",
    ("gmail", "android"): "Gmail for Android",
    ("gmail", "ios"): "Gmail for iPhone",
    ("apple-mail", "macos"): "Apple Mail",
    ("apple-mail", "ios"): "iPhone Mail",
    ("outlook", "windows"): "Outlook for Windows",
    ("outlook", "outlook-com"): "Outlook.com",
    ("outlook", "ios"): "Outlook for iPhone",
    ("outlook", "android"): "Outlook for Android",
    ("outlook", "macos"): "Outlook for Mac",
    ("yahoo", "desktop-webmail"): "Yahoo Mail",
    ("yahoo", "ios"): "Yahoo Mail for iPhone",
    ("yahoo", "android"): "Yahoo Mail for Android",
    ("samsung-email", "android"): "Samsung Email",
    ("thunderbird", "macos"): "Thunderbird",
}
#: Features that cannot be derived from slug and title.
PATTERNS = {
    "css-display-flex": r"display\s*:\s*(?:inline-)?flex\b",
    "css-display-grid": r"display\s*:\s*(?:inline-)?grid\b",
    "css-variables": r"\bvar\(\s*--",
    "css-unit-calc": r"\bcalc\(",
    "css-gap": r"(?<![\w-])(?:row-|column-)?gap\s*:",
    "css-grid-template": r"(?<![\w-])grid-template(?:-\w+)?\s*:",
    "css-left-right-top-bottom": r"(?<![\w-])(?:left|right|top|bottom)\s*:",
    "css-modern-color": r"\b(?:ok)?l(?:ch|ab)\(",
    "css-at-font-face": r"@font-face\b",
    "html-svg": r"<svg\b",
    "html-anchor-links": r"href\s*=\s*[\"']#\w",
    "image-base64": r"src\s*=\s*[\"']data:",
}
ELEMENT = re.compile(r"<(\w+)> element")
PROPERTY = re.compile(r"([a-z]+(?:-[a-z]+)*)(?: (?:CSS )?property)?")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        package = fetch(Path(folder))
        table = json.loads((package / "data" / "caniemail.json").read_text("utf-8"))
        notice = (package / "LICENSE").read_text("utf-8")
    features = sorted(derive(table["data"]), key=lambda one: str(one["slug"]))
    written = {
        "source": f"Can I Email (https://www.caniemail.com), through npm {PACKAGE}",
        "updated": table["last_update_date"][:10],
        "features": features,
    }
    text = json.dumps(written, indent=1, ensure_ascii=False)
    (DATA / "caniemail.json").write_text(text + "\n", "utf-8")
    heading = f"caniemail.json is derived from the data of {PACKAGE}:\n\n"
    (DATA / "caniemail.LICENSE").write_text(heading + notice, "utf-8")
    sys.stdout.write(f"{len(features)} features, {len(text)} characters\n")


def fetch(folder: Path) -> Path:
    """Download and unpack the package; returns its folder."""
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)  # noqa: S603, S607 - a fixed command, npm wherever it is installed
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def derive(features: list[dict[str, Any]]) -> Iterator[Mapping[str, object]]:
    for feature in features:
        pattern = pattern_of(feature["slug"], feature["title"])
        drops = [
            name
            for (family, platform), name in PROGRAMS.items()
            if latest(feature["stats"].get(family, {}).get(platform, {})).startswith("n")
        ]
        if pattern and drops:
            yield {
                "slug": feature["slug"],
                "title": feature["title"],
                "pattern": pattern,
                "drops": drops,
            }


def latest(versions: Mapping[str, str]) -> str:
    """Support in the newest version: y, a (partly) or n; versions are listed oldest first."""
    return list(versions.values())[-1] if versions else ""


def pattern_of(slug: str, title: str) -> str | None:
    if slug in PATTERNS:
        return PATTERNS[slug]
    kind, _, rest = slug.partition("-")
    if kind == "image":
        return rf"src\s*=\s*[\"'][^\"']+\.{rest}\b"
    if kind == "html":
        element = ELEMENT.fullmatch(title)
        return rf"<{element[1]}\b" if element else None
    return css_pattern(rest, title) if kind == "css" else None


def css_pattern(rest: str, title: str) -> str | None:
    for start, pattern in (
        ("at-media-", r"@media[^{]*\((?:any-)?%s"),
        ("at-", r"@%s\b"),
        ("pseudo-class-", r"(?<=[\w\])])(?<!:):%s\b"),
        ("pseudo-element-", r"::%s\b"),
        ("function-", r"\b%s\("),
        ("unit-", r"(?<=\d)%s\b(?=\s*[;!}\"'), ])"),
    ):
        if rest.startswith(start):
            return pattern % re.escape(rest.removeprefix(start))
    if title.endswith("()"):
        return rf"\b{re.escape(title[:-2])}\("
    name = PROPERTY.fullmatch(title)
    return rf"(?<![\w-]){name[1]}\s*:" if name else None


if __name__ == "__main__":
    main()
