"""Directives of copy that lead to a subscriber's own page: ``[[answer: QUESTION]]``.

Each becomes a button, ``[[button: QUESTION | {{ links.answer }}]]``, before Jinja reads the copy:
both paths of rendering see nothing new.
"""

from __future__ import annotations

import re
from typing import Final

from lovecampaign.render.markup.code_regions import without_code

#: By directive, the part of ``links`` that its button opens.
LINK_OF: Final = {"answer": "answer", "done": "month", "help": "help"}
_LINE = re.compile(
    rf"^ {{0,3}}\[\[[ \t]*({'|'.join(LINK_OF)})[ \t]*:[ \t]*(\S.*?)[ \t]*\]\][ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def expand_actions(copy: str, day: str | None = None) -> str:
    """The copy with a button for each directive; lines stay.

    ``day`` names the email of a copy inside of another email, such as a catch-up.
    """
    if "[[" not in copy:
        return copy
    query = f"?day={day}" if day else ""
    lines = copy.split("\n")
    for number, line in enumerate(without_code(copy).split("\n")):
        if (found := _LINE.match(line)) is not None:
            link = LINK_OF[found[1].lower()]
            lines[number] = f"[[button: {found[2]} | {{{{ links.{link} }}}}{query}]]"
    return "\n".join(lines)


def find_action(copy: str, kind: str) -> str | None:
    """The words of the first directive of a kind; None without any."""
    found = (each[2] for each in _LINE.finditer(without_code(copy)) if each[1].lower() == kind)
    return next(found, None)
