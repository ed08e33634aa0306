"""Support tables of mail clients for HTML and CSS features: Can I Email's data (MIT).

``data/caniemail.json`` is made by ``tools/refresh_caniemail.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

#: Minor features: without them the email still reads well (square corners, no shadow, no
#: animation, light colours).
_MINOR = re.compile(
    r"css-(?:at-media|at-supports|at-font-face|at-keyframes|animation|transition|border-radius"
    r"|border-spacing|box-shadow|box-sizing|text-shadow|color-scheme|cursor|opacity|outline|"
    r"overflow|hyph|font-kerning|font-s|text-underline|text-decoration|text-emphasis|text-wrap|"
    r"pseudo-|widows|orphans|user-select|word-|white-space|list-style-position|resize|"
    r"max-height|min-height|min-width|clear|visibility|accent-color|empty-cells|caption-side|"
    r"background-(?:position|repeat|size|origin|clip)|table-layout|text-overflow|"
    # Set on things that have the height or width in an attribute as well.
    r"height).*"
    # The picture inside is shown; the words stay where they are.
    r"|html-(?:picture|abbr|acronym|wbr|bdi|body)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """An HTML or CSS feature that some mail clients drop."""

    slug: str
    #: Its usual name: ``display:flex``.
    title: str
    pattern: re.Pattern[str]
    #: The usual names of the clients that drop it.
    drops: Sequence[str]

    @property
    def is_picture(self) -> bool:
        """Whether it is an image format."""
        return self.slug.startswith("image-")

    @property
    def address(self) -> str:
        """Its page at Can I Email."""
        return f"https://www.caniemail.com/features/{self.slug}/"


@cache
def read_features() -> tuple[Feature, ...]:
    """Every feature that is not minor."""
    file = resources.files("lovecampaign.checks") / "data" / "caniemail.json"
    features: Sequence[Mapping[str, Any]] = json.loads(file.read_text("utf-8"))["features"]
    return tuple(
        Feature(
            slug=one["slug"],
            title=one["title"],
            pattern=re.compile(one["pattern"], re.IGNORECASE),
            drops=tuple(one["drops"]),
        )
        for one in features
        if not _MINOR.fullmatch(one["slug"])
    )
