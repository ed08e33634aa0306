"""How does an email look in a light client, in a dark one, and where colours are forced?

A frame cannot be told to prefer dark: the switch is the reader's machine. So the media queries
of the email are answered here, in its text, and the page shows the same on every machine.
"""

from __future__ import annotations

import re
from enum import StrEnum


class ColorScheme(StrEnum):
    """The colours of the client in which an email is looked at."""

    LIGHT = "light"  #: a client in light mode
    DARK = "dark"  #: a client in dark mode, which applies the email's own dark styles
    INVERTED = "inverted"  #: a client that turns colours around by itself; approximate


#: Either word may be asked for, or none: ``(prefers-color-scheme)`` holds for any answer.
_QUESTION = re.compile(r"\(\s*prefers-color-scheme\s*(?::\s*(\w+)\s*)?\)", re.IGNORECASE)
_HOLDS, _FAILS = "(min-width: 0px)", "(min-width: 99999px)"
_SCHEME_META = re.compile(
    r"<meta[^>]*\bname=[\"']?(?:supported-)?color-schemes?\b[^>]*>", re.IGNORECASE
)
_HEAD_START = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)

#: What clients do that force dark colours, such as Gmail for iOS: everything is turned around,
#: hues are turned back, and pictures stay as they are. Each client has rules of its own.
_INVERSION = (
    "html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,video,[background]{filter:invert(1) hue-rotate(180deg)}"
)
#: Nothing is loaded from elsewhere and nothing runs, whatever the email says.
FRAME_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'"
)


def apply_scheme(html: str, scheme: ColorScheme) -> str:
    """The email's page as a client with that scheme shows it; links in it lead nowhere."""
    prefers = "dark" if scheme is ColorScheme.DARK else "light"
    page = _QUESTION.sub(lambda asked: _answer(asked[1], prefers), html)
    page = _SCHEME_META.sub("", page)
    style = f":root{{color-scheme:only {prefers}!important}}"
    if scheme is ColorScheme.INVERTED:
        style += _INVERSION
    page = _insert(page, _HEAD_END, f"<style>{style}</style>", is_before=True)
    return _insert(page, _HEAD_START, _RULES, is_before=False)


#: Frames may not open windows: a link with this target does nothing when it is clicked.
_RULES = (
    f'<meta http-equiv="Content-Security-Policy" content="{FRAME_POLICY}">'
    '<meta name="referrer" content="no-referrer"><base target="_blank">'
)


def _answer(word: str | None, prefers: str) -> str:
    return _HOLDS if word is None or word.lower() == prefers else _FAILS


def _insert(page: str, mark: re.Pattern[str], addition: str, *, is_before: bool) -> str:
    found = mark.search(page)
    if found is None:
        return addition + page
    at = found.start() if is_before else found.end()
    return page[:at] + addition + page[at:]
