"""Draws the share card of a story: a PNG of 1200 × 630 pixels, as link previews show it.

The words are set as large as fit; what does not fit at the smallest size ends with an ellipsis.
Where no font of this machine has the letters of the answer, the question is set in its place.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw

from lovecampaign.render.card.typefaces import Typesetting, font, typeset
from lovecampaign.render.model.contrast import INK, PAPER, for_paper

SIZE = (1200, 630)
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


class CardWords(NamedTuple):
    """What a card says."""

    question: str
    text: str
    name: str
    campaign: str


def find_undrawable(words: CardWords) -> Sequence[str]:
    """The fields that a card leaves out, because no font of this machine has their letters."""
    return [name for name, text in words._asdict().items() if typeset(text) is None]


def draw_card(words: CardWords, color: str) -> bytes:
    """The card as PNG, in the brand's ``#rrggbb`` on letter paper."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, _BAR, SIZE[1]), fill=color)
    question, answer = typeset(words.question), typeset(words.text[:_MOST_CHARACTERS])
    top = float(_MARGIN - 20)
    if question is not None and answer is not None:
        lines = _clip(_wrap(question, _QUESTION_SIZE), _QUESTION_LINES, question, _QUESTION_SIZE)
        top = _draw_lines(draw, lines, question, _QUESTION_SIZE, top, _SOFT)
    top += _GAP
    said = answer or question
    if said is not None:
        size, lines = _fit(said, SIZE[1] - _FOOT - top)
        _draw_lines(draw, lines, said, size, top, INK)
    _draw_foot(draw, words, color)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw_lines(
    draw: ImageDraw.ImageDraw,
    lines: Sequence[str],
    said: Typesetting,
    size: int,
    top: float,
    fill: str,
) -> float:
    """A paragraph, on the side where its script begins; returns where the next one starts."""
    left, anchor = (SIZE[0] - _MARGIN, "ra") if said.is_rtl else (_MARGIN, "la")
    for line in lines:
        draw.text((left, top), line, font=font(said.face, size), fill=fill, anchor=anchor)
        top += size * _LINE_HEIGHT
    return top


def _draw_foot(draw: ImageDraw.ImageDraw, words: CardWords, color: str) -> None:
    """The name on the left, the campaign on the right, on one base line."""
    base, left = SIZE[1] - 56, 0.0
    if (campaign := typeset(words.campaign)) is not None:
        small = font(campaign.face, _CAMPAIGN_SIZE)
        line = _clip([campaign.text], 1, campaign, _CAMPAIGN_SIZE, _WIDTH // 3)[0]
        left = small.getlength(line)
        draw.text((SIZE[0] - _MARGIN, base), line, font=small, fill=_SOFT, anchor="rs")
    if (name := typeset(words.name)) is not None:
        line = _clip([name.text], 1, name, _NAME_SIZE, _WIDTH - int(left) - _GAP)[0]
        large = font(name.face, _NAME_SIZE)
        draw.text((_MARGIN, base), line, font=large, fill=for_paper(color), anchor="ls")


def _fit(said: Typesetting, height: float) -> tuple[int, list[str]]:
    """The largest size in which the words fit, and their lines."""
    for size in _SIZES:
        lines, most = _wrap(said, size), int(height // (size * _LINE_HEIGHT))
        if len(lines) <= most:
            return size, lines
    return size, _clip(lines, most, said, size)


def _wrap(said: Typesetting, size: int) -> list[str]:
    lines, face = [""], font(said.face, size)
    for word in said.text.split():
        for piece in _pieces(word, said, size):
            longer = f"{lines[-1]} {piece}".strip()
            if face.getlength(longer) <= _WIDTH:
                lines[-1] = longer
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, said: Typesetting, size: int) -> Iterator[str]:
    """The word, cut where it is wider than a line, and never before a combining mark."""
    piece, face = "", font(said.face, size)
    for character in word:
        is_mark = unicodedata.category(character)[0] == "M"
        if piece and not is_mark and face.getlength(piece + character) > _WIDTH:
            yield piece
            piece = ""
        piece += character
    yield piece


def _clip(
    lines: list[str], most: int, said: Typesetting, size: int, width: int = _WIDTH
) -> list[str]:
    """At most so many lines of that width; what is cut ends with an ellipsis."""
    kept, face = lines[:most], font(said.face, size)
    last = kept[-1]
    if len(lines) <= most and face.getlength(last) <= width:
        return kept
    while last and face.getlength(last + _ELLIPSIS) > width:
        last = last[:-1]
    return [*kept[:-1], last.rstrip() + _ELLIPSIS]
