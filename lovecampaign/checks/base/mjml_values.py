"""Attribute values of MJML that no mail program understands.

MRML copies values into styles as they are, and a mail program leaves out what it does not
understand. Judged are colours, lengths, borders and words of fixed lists (CSS Color 4, CSS Values
4, MJML's documentation); everything else passes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from lovecampaign.core.suggestions import nearest

#: Understood in every style.
_ANYWHERE = frozenset({"inherit", "initial", "unset", "revert"})
_OTHER_COLORS = frozenset({"currentcolor", "none", "rebeccapurple", "transparent"})
_HEX = r"(?:[0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})"
_HEX_COLOR = re.compile(f"#{_HEX}")
_BARE_HEX = re.compile(r"(?=.*\d)" + _HEX)
_FUNCTION = re.compile(r"[a-z-]+\(.*\)")
_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)"
_LENGTH = re.compile(
    rf"{_NUMBER}(?:px|%|r?em|pt|pc|in|cm|mm|q|r?ex|r?ch|[sld]?v(?:[wh]|min|max))|[+-]?0+(?:\.0+)?"
)
_UNITLESS = re.compile(_NUMBER)
#: Blanks outside of parentheses.
_BLANKS = re.compile(r"[\s/]+(?![^()]*\))")
_IMPORTANT = re.compile(r"\s*!\s*important\s*$")
_STYLES = frozenset(
    {"none", "hidden", "dotted", "dashed", "solid", "double", "groove", "ridge", "inset", "outset"}
)
_WIDTHS = frozenset({"thin", "medium", "thick"})
_SIZES = frozenset(
    {"xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large"}
    | {"smaller", "larger"}
)
#: Below it, a size without a unit is hardly one in px.
_SMALLEST_GUESS = 8
_SIDES = ("left", "center", "right")
_HEIGHTS = ("top", "middle", "bottom")

#: The words of attributes that take no others; those of a tag come first.
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "align": _SIDES,
    "border-style": tuple(sorted(_STYLES)),
    "dir": ("ltr", "rtl", "auto"),
    "direction": ("ltr", "rtl"),
    "fluid-on-mobile": ("true", "false"),
    "font-style": ("normal", "italic", "oblique"),
    "hamburger": ("hamburger",),
    "ico-align": _SIDES,
    "icon-align": _HEIGHTS,
    "icon-position": ("left", "right"),
    "mj-hero mode": ("fixed-height", "fluid-height"),
    "mj-social mode": ("horizontal", "vertical"),
    "mj-text align": (*_SIDES, "justify", "start", "end"),
    "table-layout": ("auto", "fixed"),
    "text-align": (*_SIDES, "justify", "start", "end"),
    "text-transform": ("none", "uppercase", "lowercase", "capitalize", "full-width"),
    "thumbnails": ("visible", "hidden", "supported"),
    "vertical-align": (*_HEIGHTS, "baseline"),
}
_IS_LENGTH = re.compile(
    r"(?:inner-|icon-|ico-|text-)?padding(?:-(?:top|right|bottom|left))?|(?:ico-)?font-size"
    r"|letter-spacing|(?:ico-)?line-height|(?:max-|icon-|background-)?height"
    r"|(?:icon-|background-|border-|tb-)?width|icon-size|(?:inner-|tb-)?border-radius|gap"
)
_IS_BORDER = re.compile(r"(?:inner-|tb-)?border(?:-(?:top|right|bottom|left))?")
#: Words that a length may be, by the end of its attribute's name.
_LENGTH_WORDS: Mapping[str, frozenset[str]] = {
    "width": frozenset({"auto"}) | _WIDTHS,
    "height": frozenset({"auto", "none", "normal"}),
    "size": _SIZES,
    "spacing": frozenset({"normal"}),
}


@lru_cache(maxsize=4096)
def describe_wrong_value(tag: str, name: str, value: str) -> tuple[str, str] | None:
    """A message and a hint; None for a value that mail programs understand."""
    written = _IMPORTANT.sub("", value.strip().lower())
    if not written or written in _ANYWHERE:
        return None
    if choices := _CHOICES.get(f"{tag} {name}", _CHOICES.get(name)):
        return None if written in choices else _wrong_word(name, value, choices)
    if name.rpartition("-")[2] == "color":
        return None if _is_color(written) else _wrong_color(name, value)
    if name == "font-weight":
        is_weight = written in ("normal", "bold", "bolder", "lighter") or _is_weight(written)
        hint = "write normal, bold, or a number from 100 to 900"
        return None if is_weight else (_no_program(name, value), hint)
    if _IS_LENGTH.fullmatch(name):
        return _describe_lengths(name, value, written)
    return _describe_border(name, value, written) if _IS_BORDER.fullmatch(name) else None


def _no_program(name: str, value: str) -> str:
    return f'no mail program understands {name}="{value}"'


def _wrong_word(name: str, value: str, choices: tuple[str, ...]) -> tuple[str, str]:
    *others, last = choices
    hint = f"write {', '.join(others)} or {last}" if others else f"write {last}, or delete it"
    return _no_program(name, value), hint


def _is_color(written: str) -> bool:
    is_written_out = _HEX_COLOR.fullmatch(written) or _FUNCTION.fullmatch(written)
    return bool(is_written_out) or written in _OTHER_COLORS or written in _named_colors()


@cache
def _named_colors() -> frozenset[str]:
    """Those of CSS; pydantic takes 60 ms to import, and most colours are in hex."""
    from pydantic.color import COLORS_BY_NAME

    return frozenset(COLORS_BY_NAME)


def _wrong_color(name: str, value: str) -> tuple[str, str]:
    written = value.strip().lower()
    if _BARE_HEX.fullmatch(written):
        hint = f'write {name}="#{written}"'
    elif near := nearest(written, _named_colors()):
        hint = f"did you mean {near}?"
    else:
        hint = "write # and six digits 0-9, a-f, or the English name of a colour"
    return _no_program(name, value), hint


def _is_weight(written: str) -> bool:
    return written.isdecimal() and 1 <= int(written) <= 1000


def _describe_lengths(name: str, value: str, written: str) -> tuple[str, str] | None:
    end = name.rpartition("-")[2]
    words = _LENGTH_WORDS.get(end, frozenset())
    parts = _BLANKS.split(written)
    is_line_height = name.endswith("line-height")
    wrong = [one for one in parts if one not in words and not _is_length(one)]
    unitless = [one for one in wrong if _UNITLESS.fullmatch(one)]
    if not wrong or (is_line_height and wrong == unitless):
        return None
    is_tiny = end == "size" and any(float(one) < _SMALLEST_GUESS for one in unitless)
    if wrong == unitless and not is_tiny:
        right = " ".join(f"{one}px" if _UNITLESS.fullmatch(one) else one for one in parts)
        message = f'{name}="{value}" has no unit: mail programs ignore it'
        return message, f'write {name}="{right}"'
    right = "0px" if written == "none" else "20px"
    return _no_program(name, value), f'write a length, as {name}="{right}"'


def _is_length(written: str) -> bool:
    return bool(_LENGTH.fullmatch(written) or _FUNCTION.fullmatch(written))


def _describe_border(name: str, value: str, written: str) -> tuple[str, str] | None:
    parts = _BLANKS.split(written)
    known = _STYLES | _WIDTHS
    wrong = [one for one in parts if not (one in known or _is_length(one) or _is_color(one))]
    if not wrong:
        return None
    if all(map(_UNITLESS.fullmatch, wrong)):
        right = " ".join(f"{one}px" if one in wrong else one for one in parts)
        return f'{name}="{value}" has no unit: mail programs ignore it', f'write {name}="{right}"'
    near = nearest(wrong[0], _named_colors() | _STYLES)
    hint = f"did you mean {near}?" if near else f'write it as {name}="1px solid #333333"'
    return _no_program(name, value), hint
