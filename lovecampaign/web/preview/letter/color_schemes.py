"""Simulates light, dark and colour-inverting mail clients.

A frame cannot override ``prefers-color-scheme``, which follows the machine. So the email's media
queries are resolved here, in its text, and a page shows the same on every machine.
"""

from __future__ import annotations

import re
from enum import StrEnum


class ColorScheme(StrEnum):
    """The colour scheme of a mail client."""

    LIGHT = "light"  #: a client in light mode
    DARK = "dark"  #: a client in dark mode, which applies the email's own dark styles
    INVERTED = "inverted"  #: a client that inverts colours by itself; approximate


#: With a value or without: ``(prefers-color-scheme)`` alone is always true.
_QUERY = re.compile(r"\(\s*prefers-color-scheme\s*(?::\s*(\w+)\s*)?\)", re.IGNORECASE)
_HOLDS, _FAILS = "(min-width: 0px)", "(min-width: 99999px)"
_SCHEME_META = re.compile(
    r"<meta[^>]*\bname=[\"']?(?:supported-)?color-schemes?\b[^>]*>", re.IGNORECASE
)
_HEAD_START = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)

#: Clients that force dark colours, such as Gmail for iOS, invert all but hues and images. Each
#: client has rules of its own.
_INVERSION = (
    "html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,video,[background]{filter:invert(1) hue-rotate(180deg)}"
)
#: No remote content and no scripts, whatever the email holds.
FRAME_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'"
)


def apply_scheme(html: str, scheme: ColorScheme) -> str:
    """The email's page as a client with that scheme shows it; its links do nothing."""
    prefers = "dark" if scheme is ColorScheme.DARK else "light"
    page = _QUERY.sub(lambda query: _resolve(query[1], prefers), html)
    page = _SCHEME_META.sub("", page)
    style = f":root{{color-scheme:only {prefers}!important}}"
    if scheme is ColorScheme.INVERTED:
        style += _INVERSION
    page = _insert(page, _HEAD_END, f"<style>{style}</style>", is_before=True)
    return _insert(page, _HEAD_START, _HEAD, is_before=False)


#: The sandboxed frame may not open windows: a link with this target does nothing.
_HEAD = (
    f'<meta http-equiv="Content-Security-Policy" content="{FRAME_POLICY}">'
    '<meta name="referrer" content="no-referrer"><base target="_blank">'
)


def _resolve(word: str | None, prefers: str) -> str:
    return _HOLDS if word is None or word.lower() == prefers else _FAILS


def _insert(page: str, mark: re.Pattern[str], addition: str, *, is_before: bool) -> str:
    found = mark.search(page)
    if found is None:
        return addition + page
    at = found.start() if is_before else found.end()
    return page[:at] + addition + page[at:]
