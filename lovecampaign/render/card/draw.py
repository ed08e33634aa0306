"""Draws the share card of a story: a PNG of 1200 × 630 pixels, as link previews show it.

The words are set as large as fit; what does not fit at the smallest size ends with an ellipsis.
The font has Latin, Greek, Cyrillic, Armenian and Georgian letters; other characters, such as
emoji, are left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from lovecampaign.render.model.contrast import INK, PAPER, for_paper

SIZE = (1200, 630)
_FONT = Path(__file__).parent / "fonts" / "DejaVuSerif.ttf"
_MARGIN, _BAR = 90, 14
_WIDTH = SIZE[0] - 2 * _MARGIN
#: From the largest that looks like a quotation to the smallest that is read on a phone.
_SIZES = range(60, 25, -2)
_LINE_HEIGHT = 1.38
_QUESTION_SIZE, _NAME_SIZE, _CAMPAIGN_SIZE = 27, 34, 24
_QUESTION_LINES = 2
#: More than fit at the smallest size.
_MOST_CHARACTERS = 1000
#: Above the words there is the question, below them the name and the campaign.
_GAP, _FOOT = 26, 120
_SOFT = "#685f57"
_ELLIPSIS = "…"
#: In no font: its glyph is that of every missing character.
_NO_CHARACTER = "\U0010fffe"


class CardWords(NamedTuple):
    """What a card says."""

    question: str
    text: str
    name: str
    campaign: str


def draw_card(words: CardWords, color: str) -> bytes:
    """The card as PNG, in the brand's ``#rrggbb`` on letter paper."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, _BAR, SIZE[1]), fill=color)
    top = float(_MARGIN - 20)
    font = _font(_QUESTION_SIZE)
    for line in _clip(_wrap(_drawable(words.question), font), _QUESTION_LINES, font):
        draw.text((_MARGIN, top), line, font=font, fill=_SOFT)
        top += _QUESTION_SIZE * _LINE_HEIGHT
    top += _GAP
    font, lines = _fit(_drawable(words.text[:_MOST_CHARACTERS]), SIZE[1] - _FOOT - top)
    for line in lines:
        draw.text((_MARGIN, top), line, font=font, fill=INK)
        top += font.size * _LINE_HEIGHT
    _draw_foot(draw, words, color)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw_foot(draw: ImageDraw.ImageDraw, words: CardWords, color: str) -> None:
    """The name on the left, the campaign on the right, on one base line."""
    base = SIZE[1] - 56
    small, large = _font(_CAMPAIGN_SIZE), _font(_NAME_SIZE)
    campaign = _clip([_drawable(words.campaign)], 1, small, _WIDTH // 3)[0]
    left = small.getlength(campaign)
    draw.text((SIZE[0] - _MARGIN - left, base), campaign, font=small, fill=_SOFT, anchor="ls")
    name = _clip([_drawable(words.name)], 1, large, _WIDTH - int(left) - _GAP)[0]
    draw.text((_MARGIN, base), name, font=large, fill=for_paper(color), anchor="ls")


def _fit(text: str, height: float) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest font in which the text fits, and its lines."""
    for size in _SIZES:
        font = _font(size)
        lines, most = _wrap(text, font), int(height // (size * _LINE_HEIGHT))
        if len(lines) <= most:
            return font, lines
    return font, _clip(lines, most, font)


def _wrap(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    lines = [""]
    for word in text.split():
        for piece in _pieces(word, font):
            longer = f"{lines[-1]} {piece}".strip()
            if font.getlength(longer) <= _WIDTH:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, font: ImageFont.FreeTypeFont) -> Iterator[str]:
    """The word, cut where it is wider than a line."""
    piece = ""
    for character in word:
        if piece and font.getlength(piece + character) > _WIDTH:
            yield piece
            piece = ""
        piece += character
    yield piece


def _clip(
    lines: list[str], most: int, font: ImageFont.FreeTypeFont, width: int = _WIDTH
) -> list[str]:
    """At most so many lines of that width; what is cut ends with an ellipsis."""
    kept = lines[:most]
    last = kept[-1]
    if len(lines) <= most and font.getlength(last) <= width:
        return kept
    while last and font.getlength(last + _ELLIPSIS) > width:
        last = last[:-1]
    return [*kept[:-1], last.rstrip() + _ELLIPSIS]


def _drawable(text: str) -> str:
    """Without the characters that the font lacks."""
    return " ".join("".join(one for one in text if one.isspace() or _has_glyph(one)).split())


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), size)


@cache
def _has_glyph(character: str) -> bool:
    return bytes(_font(20).getmask(character)) != _missing_glyph()


@cache
def _missing_glyph() -> bytes:
    return bytes(_font(20).getmask(_NO_CHARACTER))
