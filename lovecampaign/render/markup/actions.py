"""Directives of copy that lead to a subscriber's own page: ``[[answer: QUESTION]]``.

Each becomes a button, ``[[button: QUESTION | {{ links.answer }}]]``, before Jinja reads the copy:
both paths of rendering see nothing new.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lovecampaign.render.markup.code_regions import without_code
from lovecampaign.render.model.gifts import split_gift

#: By directive, the part of ``links`` that its button opens.
LINK_OF: Final = {"answer": "answer", "done": "month", "help": "help", "gift": "gift"}
_NO_GIFTS: Final[Mapping[str, str]] = {}
_LINE = re.compile(
    rf"^ {{0,3}}\[\[[ \t]*({'|'.join(LINK_OF)})[ \t]*:[ \t]*(\S.*?)[ \t]*\]\][ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def expand_actions(copy: str, day: str | None = None, gifts: Mapping[str, str] = _NO_GIFTS) -> str:
    """The copy with a button for each directive; lines stay.

    ``day`` names the email of a copy inside of another email, such as a catch-up; ``gifts`` are
    the keys of files, by path.
    """
    if "[[" not in copy:
        return copy
    query = f"?day={day}" if day else ""
    lines = copy.split("\n")
    for number, line in enumerate(without_code(copy).split("\n")):
        if (found := _LINE.match(line)) is not None:
            kind, words, after = found[1].lower(), found[2], query
            if kind == "gift":
                path, words = split_gift(words)
                after = f"?f={gifts[path]}" if path in gifts else ""
            lines[number] = f"[[button: {words} | {{{{ links.{LINK_OF[kind]} }}}}{after}]]"
    return "\n".join(lines)


def find_action(copy: str, kind: str) -> str | None:
    """The words of the first directive of a kind; None without any."""
    found = (each[2] for each in _LINE.finditer(without_code(copy)) if each[1].lower() == kind)
    return next(found, None)
