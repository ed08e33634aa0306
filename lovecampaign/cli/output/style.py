"""Terminal styles: marks in a text, which become ANSI escapes at the very end.

Nothing else that is shown may hold an escape: a file must not control the terminal.
"""

from __future__ import annotations

import os
import re

from lovecampaign.core.control_characters import show_control_characters

#: No text of a file can hold a mark: this part differs in each process.
_KEY = os.urandom(4).hex()
_MARK = re.compile(f"<{_KEY}:([0-9;]+)>")


def green(text: str) -> str:
    return _styled(text, 32)


def red(text: str) -> str:
    return _styled(text, 31)


def bold(text: str) -> str:
    return _styled(text, 1)


def dim(text: str) -> str:
    return _styled(text, 2)


def plain(text: str) -> str:
    """The text without any style or control character."""
    return show_control_characters(_MARK.sub("", text))


def colored(text: str) -> str:
    """The text with its styles as escapes, and no other control character."""
    return _MARK.sub("\x1b[\\1m", show_control_characters(text))


def _styled(text: str, code: int) -> str:
    return f"<{_KEY}:{code}>{text}<{_KEY}:0>"
