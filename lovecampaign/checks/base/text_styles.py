"""Computed size and colours of each text in HTML, by inheritance of inline styles."""

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
    """Colours are ``#rgb`` or ``#rrggbb``; None: unknown."""

    color: str | None = "#000000"
    background: str | None = "#ffffff"
    pixels: float = 16
    is_bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRun:
    """A piece of visible text and its computed style."""

    words: str
    style: TextStyle


def text_runs(pieces: Sequence[Piece]) -> Iterator[TextRun]:
    """Every visible text of the body. Style sheets are left out: most of their colours are for
    dark mode or for one mail client."""
    opened: list[tuple[str, TextStyle]] = []
    style = TextStyle()
    for piece in visible_pieces(pieces):
        if isinstance(piece, StartTag) and piece.name not in VOID and not piece.is_self_closing:
            opened.append((piece.name, style))
            style = _with_style(style, piece)
        elif isinstance(piece, EndTag):
            style = _close(opened, piece.name, style)
        elif isinstance(piece, Text) and (words := unescape(piece.data).strip()):
            yield TextRun(words=words, style=style)


def _close(opened: list[tuple[str, TextStyle]], name: str, style: TextStyle) -> TextStyle:
    if not any(one == name for one, _ in opened):
        return style
    while opened:
        one, style = opened.pop()
        if one == name:
            break
    return style


def _with_style(style: TextStyle, tag: StartTag) -> TextStyle:
    css = _declarations(attribute(tag, "style") or "")
    background = css.get("background-color") or css.get("background") or attribute(tag, "bgcolor")
    if background and background != "transparent":
        style = replace(style, background=_color(background))
    if tag.name in ("b", "strong", "h1", "h2", "h3"):
        style = replace(style, is_bold=True)
    if color := css.get("color") or attribute(tag, "color"):
        style = replace(style, color=_color(color))
    if size := _PIXELS.match(css.get("font-size", "")):
        style = replace(style, pixels=float(size[1]))
    return style


def _declarations(style: str) -> Mapping[str, str]:
    pairs = (one.partition(":") for one in style.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def _color(value: str) -> str | None:
    if found := _HEX.search(value):
        return found[0]
    if found := _RGB.search(value):
        return "#" + "".join(f"{min(int(one), 255):02x}" for one in found.groups())
    return _NAMED.get(value.partition(" ")[0])
