"""In which size and colours does each piece of text stand? Inline styles, followed inwards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape

from lovecampaign.checks.base.rendered_email import attribute, visible_pieces
from lovecampaign.render.markup.scanner import VOID, EndTag, Piece, StartTag, Text

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_RGB = re.compile(r"rgb\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)")
_NAMED = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080"}
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)px")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStyle:
    """How text looks. Colours are ``#rgb`` or ``#rrggbb``; None where they are not known."""

    color: str | None = "#000000"
    background: str | None = "#ffffff"
    pixels: float = 16
    is_bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRun:
    """A piece of visible text and how it looks by its inline styles."""

    words: str
    look: TextStyle


def text_runs(pieces: Sequence[Piece]) -> Iterator[TextRun]:
    """Every visible text of the body. Style sheets are not followed: most that reset a colour in
    them set it for dark mode or for one program."""
    opened: list[tuple[str, TextStyle]] = []
    look = TextStyle()
    for piece in visible_pieces(pieces):
        if isinstance(piece, StartTag) and piece.name not in VOID and not piece.is_self_closing:
            opened.append((piece.name, look))
            look = _with_style(look, piece)
        elif isinstance(piece, EndTag):
            look = _close(opened, piece.name, look)
        elif isinstance(piece, Text) and (words := unescape(piece.data).strip()):
            yield TextRun(words=words, look=look)


def _close(opened: list[tuple[str, TextStyle]], name: str, look: TextStyle) -> TextStyle:
    if not any(one == name for one, _ in opened):
        return look
    while opened:
        one, look = opened.pop()
        if one == name:
            break
    return look


def _with_style(look: TextStyle, tag: StartTag) -> TextStyle:
    style = _declarations(attribute(tag, "style") or "")
    behind = style.get("background-color") or style.get("background") or attribute(tag, "bgcolor")
    if behind and behind != "transparent":
        look = replace(look, background=_color(behind))
    if tag.name in ("b", "strong", "h1", "h2", "h3"):
        look = replace(look, is_bold=True)
    if color := style.get("color") or attribute(tag, "color"):
        look = replace(look, color=_color(color))
    if size := _PIXELS.match(style.get("font-size", "")):
        look = replace(look, pixels=float(size[1]))
    return look


def _declarations(style: str) -> Mapping[str, str]:
    pairs = (one.partition(":") for one in style.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def _color(value: str) -> str | None:
    if found := _HEX.search(value):
        return found[0]
    if found := _RGB.search(value):
        return "#" + "".join(f"{min(int(one), 255):02x}" for one in found.groups())
    return _NAMED.get(value.partition(" ")[0])
