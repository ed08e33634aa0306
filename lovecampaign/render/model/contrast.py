"""Readable shades of a brand colour (WCAG 2.2, contrast of at least 4.5).

A brand has one colour. A letter needs it for links on paper, for links in dark mode and behind the
text of a button, and few colours are readable in all three.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: WCAG 2.2, success criterion 1.4.3, for text of ordinary size.
READABLE = 4.5
#: The templates' backgrounds; ``templates/email/base.mjml.j2`` has the same values.
PAPER = "#faf7f2"
#: The lighter of the two dark backgrounds: text readable on it is readable on both.
DARK_PAPER = "#2a2522"
INK = "#2b2622"
WHITE = "#ffffff"
BLACK = "#000000"

_HEX_COLOR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
#: Steps from a colour to black or white, too fine to be seen.
_STEPS = 50

_Channels = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shades:
    """A brand colour in each shade that a letter needs, as ``#rrggbb``: templates' ``brand.…``."""

    #: The brand's own colour: the button's background.
    color: str
    #: Text on ``color``.
    on_color: str
    #: For links and other accents on light paper.
    color_on_paper: str
    #: For links in dark mode, and the button's background there.
    color_dark: str
    #: Text on ``color_dark``.
    on_color_dark: str


def shades_of(color: str) -> Shades:
    """All shades of a brand colour; raises ValueError unless it is ``#rgb`` or ``#rrggbb``."""
    dark = for_dark_background(color)
    return Shades(
        color=_hex(_channels(color)),
        on_color=text_on(color),
        color_on_paper=for_paper(color),
        color_dark=dark,
        on_color_dark=text_on(dark),
    )


def for_paper(color: str) -> str:
    """The colour, darkened as little as makes it readable on light paper."""
    return _readable(color, behind=PAPER, towards=BLACK)


def for_dark_background(color: str) -> str:
    """The colour, lightened as little as makes it readable in dark mode."""
    return _readable(color, behind=DARK_PAPER, towards=WHITE)


def text_on(color: str) -> str:
    """White where it can be read on the colour, else the darkest that is needed.

    White comes first although ink may have more contrast: on a strong colour it looks right.
    """
    if contrast(WHITE, color) >= READABLE:
        return WHITE
    return INK if contrast(INK, color) >= READABLE else BLACK


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours, from 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(color: str, *, behind: str, towards: str) -> str:
    start, end = _channels(color), _channels(towards)
    shades = (_hex(_mix(start, end, step)) for step in range(_STEPS + 1))
    return next((shade for shade in shades if contrast(shade, behind) >= READABLE), towards)


def _mix(start: _Channels, end: _Channels, step: int) -> _Channels:
    red, green, blue = (round(a + (b - a) * step / _STEPS) for a, b in zip(start, end, strict=True))
    return red, green, blue


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _channels(color: str) -> _Channels:
    if not _HEX_COLOR.fullmatch(color):
        raise ValueError(f"{color!r} is not a colour like #a8324a")
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _hex(channels: _Channels) -> str:
    return "#" + bytes(channels).hex()
