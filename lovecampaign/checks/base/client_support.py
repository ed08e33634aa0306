"""Which mail programs drop what a template uses? Can I Email's data (MIT), asked by pattern.

``data/caniemail.json`` is made by ``tools/refresh_caniemail.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

#: Where these are dropped, the letter still reads as it should: corners are square, a shadow or
#: a movement is missing, the light colours stay.
_MERE_POLISH = re.compile(
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
    """Something of HTML or CSS that a mail program drops."""

    slug: str
    #: ``display:flex``: as people call it.
    title: str
    pattern: re.Pattern[str]
    #: Programs that drop it, as people call them.
    drops: Sequence[str]

    @property
    def is_picture(self) -> bool:
        """Whether it is a kind of picture."""
        return self.slug.startswith("image-")

    @property
    def address(self) -> str:
        """Where Can I Email says more."""
        return f"https://www.caniemail.com/features/{self.slug}/"


@cache
def read_features() -> tuple[Feature, ...]:
    """Every feature whose loss a reader notices."""
    features: Sequence[Mapping[str, object]] = json.loads(_data().decode())["features"]
    return tuple(
        Feature(
            slug=str(one["slug"]),
            title=str(one["title"]),
            pattern=re.compile(str(one["pattern"]), re.IGNORECASE),
            drops=tuple(map(str, _list(one["drops"]))),
        )
        for one in features
        if not _MERE_POLISH.fullmatch(str(one["slug"]))
    )


def _data() -> bytes:
    return (resources.files("lovecampaign.checks") / "data" / "caniemail.json").read_bytes()


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
