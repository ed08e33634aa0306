"""Terminal styles (ANSI escapes), and their removal."""

from __future__ import annotations

import re

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def green(text: str) -> str:
    return _styled(text, 32)


def red(text: str) -> str:
    return _styled(text, 31)


def bold(text: str) -> str:
    return _styled(text, 1)


def dim(text: str) -> str:
    return _styled(text, 2)


def plain(text: str) -> str:
    """The text without any style."""
    return _STYLE.sub("", text)


def _styled(text: str, code: int) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"
