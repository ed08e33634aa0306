"""Typefaces of share cards: the shipped one, else one of the system that has all letters of a text.

A letter without a glyph would be drawn as a box, so a text is set in a face that has all of them,
or not at all. What is no letter, such as an emoji, may be left out.
"""

from __future__ import annotations

import re
import subprocess
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont, features

#: Debian: nearly all letters of the world.
INSTALL_FONTS = "where serve runs: apt install fontconfig fonts-noto-core fonts-noto-cjk"
#: Fontconfig lists the fonts of Linux and macOS; a machine without it has the shipped one.
_LIST_FONTS = ("fc-list", "--format", "%{file}\t%{index}\t%{style}\n")
_TIMEOUT_SECONDS = 5
#: Selects how the character before is shown, as text or as emoji.
_VARIATION_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), 0x20E3)))
#: ZWNJ and ZWJ shape the letters beside them, and have no glyph of their own.
_JOINERS = "\u200c\u200d"
_KEPT = frozenset({" ", *(_JOINERS if features.check("raqm") else "")})
#: What an emoji that is left out leaves behind.
_INVISIBLE = re.compile(f"[{''.join(_VARIATION_SELECTORS)}]|(?<!\\w)[{_JOINERS}]+")
#: In no font: its glyph is that of every missing character.
_NO_CHARACTER = "\U0010fffe"
_CACHED, _CACHED_GLYPHS = 256, 8192


class Typeface(NamedTuple):
    """A font file, and the number of the face in a collection."""

    file: str
    number: int = 0


#: Latin, Greek, Cyrillic, Armenian and Georgian.
SHIPPED = Typeface(str(Path(__file__).parent / "fonts" / "DejaVuSerif.ttf"))


class Typesetting(NamedTuple):
    """Words without the characters that their face lacks, and their direction."""

    text: str
    face: Typeface
    is_rtl: bool


def typeset(text: str) -> Typesetting | None:
    """The words in a face that has all of their letters; None where this machine has none."""
    line = "".join(map(_plain, unicodedata.normalize("NFC", " ".join(text.split()))))
    letters = frozenset(filter(_is_letter, line))
    if _needs_shaping(letters) and not features.check("raqm"):
        return None
    face = find_typeface(letters)
    if face is None:
        return None
    drawn = "".join(one for one in line if one in _KEPT or has_glyph(face, one))
    drawn = _INVISIBLE.sub("", drawn)
    return Typesetting(" ".join(drawn.split()), face, _is_rtl(drawn))


@lru_cache(maxsize=_CACHED)
def find_typeface(letters: frozenset[str]) -> Typeface | None:
    """A face with all of these letters."""
    return SHIPPED if _has_all(SHIPPED, letters) else find_system_typeface(letters)


def find_system_typeface(letters: frozenset[str]) -> Typeface | None:
    """A face of this machine with all of these letters."""
    return next((face for face in _list_system_faces(letters) if _has_all(face, letters)), None)


@lru_cache(maxsize=_CACHED)
def font(face: Typeface, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face.file, size, index=face.number)


@lru_cache(maxsize=_CACHED_GLYPHS)
def has_glyph(face: Typeface, character: str) -> bool:
    """Whether the face has the character by itself, without shaping."""
    return _glyph(face, character) != _glyph(face, _NO_CHARACTER)


def _has_all(face: Typeface, letters: frozenset[str]) -> bool:
    try:
        return all(has_glyph(face, letter) for letter in letters)
    except OSError:  # listed, and no font that FreeType reads
        return False


def _glyph(face: Typeface, character: str) -> bytes:
    return bytes(_unshaped(face).getmask(character))


@lru_cache(maxsize=_CACHED)
def _unshaped(face: Typeface) -> ImageFont.FreeTypeFont:
    basic = ImageFont.Layout.BASIC
    return ImageFont.truetype(face.file, 20, index=face.number, layout_engine=basic)


def _list_system_faces(letters: frozenset[str]) -> list[Typeface]:
    """The system's faces for these letters, upright ones with serifs first."""
    points = " ".join(f"{ord(letter):x}" for letter in sorted(letters))
    command = [*_LIST_FONTS, f":charset={points}:scalable=true:color=false"]
    try:
        listed = subprocess.run(  # noqa: S603 - code points only
            command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return []
    found = [line.split("\t") for line in listed.splitlines() if line.count("\t") == 2]
    found.sort(key=lambda one: (not _is_upright(one[2]), "Serif" not in one[0], one))
    # The upper half of the number is an instance of a variable font.
    return [Typeface(file, int(index) & 0xFFFF) for file, index, _ in found]


def _is_upright(style: str) -> bool:
    return any(name in style for name in ("Regular", "Book", "Roman"))


def _plain(character: str) -> str:
    """Fancy letters of social media, such as U+1D4D0, as the letters that they stand for."""
    return character if has_glyph(SHIPPED, character) else unicodedata.normalize("NFKC", character)


def _is_letter(character: str) -> bool:
    is_word = unicodedata.category(character)[0] in "LMN"
    return is_word and character not in _VARIATION_SELECTORS


def _needs_shaping(letters: frozenset[str]) -> bool:
    """Whether letters join, or are written from right to left."""
    return any(
        unicodedata.bidirectional(one) in ("R", "AL") or unicodedata.category(one)[0] == "M"
        for one in letters
        if not has_glyph(SHIPPED, one)
    )


def _is_rtl(text: str) -> bool:
    strong = (unicodedata.bidirectional(one) for one in text)
    return next((one for one in strong if one in ("L", "R", "AL")), "L") != "L"
