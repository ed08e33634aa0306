"""Local images: finds them in sources and folders, and names them by their content."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from lovecampaign.campaign.files.paths import find_inside
from lovecampaign.campaign.model.campaign import Campaign

#: Types that ``serve`` delivers and mail programs show, by extension.
MEDIA_TYPES: Mapping[str, str] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
#: How files of these kinds begin: RFC 2083, ITU T.81, GIF89a, RFC 9649; SVG has no fixed beginning.
_BEGINNINGS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP", re.DOTALL)
_SVG = re.compile(rb"<(?:\w+:)?svg\b")
_SNIFFED_BYTES = 4096
#: ``https://…``, ``cid:…``, ``//host``: not a local file.
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_EXTENSIONS = "|".join(ending.removeprefix(".") for ending in MEDIA_TYPES)
_ALT = r"!\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*\]"
_TITLE = r"""(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*\)"""
_NAME = r"(?:[^<>()\n]|\([^()\n]{0,20}\))"
#: CommonMark takes no blanks in an address without angle brackets.
BLANKS_IN_PATH = re.compile(
    rf"(?P<before>{_ALT}\(\s*)"
    rf"(?P<path>[^\s<>()]{_NAME}{{0,100}}\s{_NAME}{{0,100}}?\.(?:{_EXTENSIONS}))"
    r"(?=\s*\))",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rf"""\[\[\s*image\s*:\s*(?P<action>(?:[^|\]\n]|\](?!\]))+?)\s*(?:\||\]\])
    | {_ALT}\(\s*(?:<(?P<angle>[^<>\n]+)>
        | (?P<bare>(?:[^\s()<>\\]|\\.|\((?:[^\s()\\]|\\.)*\))+)(?={_TITLE}))
    | ^\ {{0,3}}\[[^\]\n]+\]:\s*(?:<(?P<defined>[^<>\n]+\.(?:{_EXTENSIONS}))>
        | (?P<definition>[^\s<>]+\.(?:{_EXTENSIONS}))(?!\S))
    | \b(?:src|background-url|background)\s*=\s*(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)')
    | {BLANKS_IN_PATH.pattern}""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
#: Groups of ``_NAMED`` in which Markdown knows backslashes and entities.
_ESCAPED = frozenset({"angle", "bare", "defined", "definition", "path"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A local image, served under ``name``: its content's hash and its extension."""

    name: str
    #: In pixels; None if the file does not say.
    width: int | None = None


def is_local(path: str) -> bool:
    """Whether a path names a local file, rather than an address or a printed value."""
    return bool(path) and "{" not in path and not _ELSEWHERE.match(path)


def find_image(campaign: Campaign, path: str) -> Path | None:
    """The picture's file, beside the campaign or in the workspace; None if there is none."""
    for spelling in _spellings(path):
        for folder in (campaign.folder, campaign.workspace):
            file = find_inside(folder / spelling, campaign.workspace)
            if file and _may_be_shown(campaign, file):
                return file
    return None


def picture_key(path: str) -> str:
    """Equal for all spellings of a path: ``%XX``, entities, and both Unicode forms."""
    return unicodedata.normalize("NFC", unquote(unescape(path)))


def _spellings(path: str) -> Iterator[str]:
    """The path as it was written comes first; macOS decomposes accents, editors do not."""
    for one in (path, unescape(path), unquote(path), picture_key(path)):
        yield one
        yield unicodedata.normalize("NFC", one)
        yield unicodedata.normalize("NFD", one)


def _may_be_shown(campaign: Campaign, file: Path) -> bool:
    """Beside the campaign's own folder lie the database and the outbox."""
    is_own = file.is_relative_to(campaign.folder.resolve())
    return is_own or file.suffix.lower() in MEDIA_TYPES


def is_picture(file: Path) -> bool:
    """Whether a file is an image that mail programs can show, by its first bytes."""
    with file.open("rb") as opened:
        start = opened.read(_SNIFFED_BYTES)
    return bool(_BEGINNINGS.match(start) or _SVG.search(start))


def read_images(campaign: Campaign, paths: Iterable[str]) -> Mapping[str, Image]:
    """Every picture that is there, by path; the missing are reported by ``find_problems``."""
    found = ((path, find_image(campaign, path)) for path in sorted(set(paths)))
    return {path: _read(file) for path, file in found if file is not None}


@lru_cache(maxsize=256)
def named_images(source: str) -> Sequence[tuple[str, int]]:
    """Local paths of the images in Markdown or MJML, with their offsets.

    Cached: emails share templates, a catch-up has the copies of all days, and each pass of
    ``send`` compares them.
    """
    return tuple(_find_images(source))


def _find_images(source: str) -> Iterator[tuple[str, int]]:
    for named in _NAMED.finditer(source):
        kind = named.lastgroup or "path"
        path = _unescape(named[kind]) if kind in _ESCAPED else named[kind]
        if is_local(path):
            yield path, named.start(kind)


def _unescape(path: str) -> str:
    if "\\" not in path and "&" not in path:
        return path
    from markdown_it.common.utils import unescapeAll  # slow to import

    return unescapeAll(path)


def _read(file: Path) -> Image:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Image(name=f"{digest}{file.suffix.lower()}", width=_width(content))


def _width(content: bytes) -> int | None:
    """From the header of a PNG, GIF or JPEG."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return int.from_bytes(content[16:20], "big") or None
    if content.startswith((b"GIF87a", b"GIF89a")):
        return int.from_bytes(content[6:8], "little") or None
    return _jpeg_width(content) if content.startswith(b"\xff\xd8") else None


def _jpeg_width(content: bytes) -> int | None:
    """Walk the segments to the frame header (ITU T.81, B.2.2)."""
    position = 2
    while position + 9 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[position + 7 : position + 9], "big") or None
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return None
