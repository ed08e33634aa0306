"""Gifts: files of the campaign's folder that ``[[gift: PATH | TEXT]]`` gives to subscribers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from lovecampaign.campaign.files.paths import find_inside
from lovecampaign.campaign.model.campaign import Campaign

#: What a phone on the road takes within a minute.
MAX_GIFT_BYTES = 10_000_000
#: Characters of a gift's key, the start of its content's SHA-256 in hex: 80 bits, as of a token.
GIFT_KEY_LENGTH = 20
_GIFT = re.compile(r"^ {0,3}\[\[[ \t]*gift[ \t]*:([^\n]*)\]\][ \t]*$", re.IGNORECASE | re.MULTILINE)


def find_gifts(copy: str) -> list[str]:
    """The paths of all gifts in a copy, in order."""
    return [split_gift(found[1])[0] for found in _GIFT.finditer(copy)]


def split_gift(words: str) -> tuple[str, str]:
    """The path of a gift, and the words of its button; '' where a half is missing."""
    path, _, text = words.partition("|")
    return path.strip(), text.strip()


def find_gift(campaign: Campaign, path: str) -> Path | None:
    """The gift's file; None where the campaign's folder has none at that path."""
    file = find_inside(campaign.folder / path, campaign.folder)
    return file if file is not None and 0 < file.stat().st_size <= MAX_GIFT_BYTES else None


def gift_key(file: Path) -> str:
    """Names the content of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:GIFT_KEY_LENGTH]


def read_gifts(campaign: Campaign, copies: Iterable[str]) -> Mapping[str, str]:
    """The key of each gift that is there, by path; a rule reports the others."""
    paths = sorted({path for copy in copies for path in find_gifts(copy)})
    found = ((path, find_gift(campaign, path)) for path in paths)
    return {path: gift_key(file) for path, file in found if file is not None}
