"""What do we say about a value that cannot be read?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import UNPRINTABLE


class BadValue(ValueError):
    """Why a value cannot be read; said for its author."""

    def __init__(
        self, code: ProblemCode, message: str, hint: str | None = None, *, part: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        #: The piece of the value that is wrong; None: all of it.
        self.part = part


def require_text(value: object, code: ProblemCode, what: str, hint: str) -> str:
    """The text of a value that has to be one; raises BadValue that says what was expected."""
    if isinstance(value, str) and value.strip():
        if UNPRINTABLE.search(value):
            raise BadValue(code, f"{what} holds a character that cannot be shown", hint)
        return re.sub(r"\s+", " ", value.strip())
    raise BadValue(code, f"{show_value(value)} is not {what}", hint)


def show_value(value: object) -> str:
    """What YAML took a value for, in words."""
    if isinstance(value, bool):
        return f"{str(value).lower()} (yes or no)"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, dict):
        return "a group of settings"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "an empty text"


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """A hint with the nearest choice, if any is near."""
    near = nearest(word, choices)
    return f"did you mean {near}?" if near else None


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that is spelled most like a word, whatever its capitals."""
    by_folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None
