"""Control characters: dropped from what is stored, made visible in what is shown.

They move a terminal's cursor, hide text or start its commands. Included are C0 and C1 (ISO 6429),
line and paragraph separators, explicit directions, which reorder what follows them (Unicode
Standard Annex 9), surrogates and noncharacters. Marks that single letters need stay: joiners, and
LRM and RLM.
"""

from __future__ import annotations

import re

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
#: A terminal sequence (ECMA-48, 5.4 and 8.3): its parameters are no text either.
_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
)


def drop_control_characters(text: str) -> str:
    """The text without them and without terminal sequences; lines and tabs stay."""
    if text.isprintable():  # most are, and this test is the fastest
        return text
    lines = _LINE_END.sub("\n", _SEQUENCE.sub("", text))
    return _CONTROL.sub("", lines)


def show_control_characters(text: str) -> str:
    """The text with a replacement character for each of them; lines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))
