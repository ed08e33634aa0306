"""Errors and hints about values that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable

from lovecampaign.campaign.source.problem_codes import ProblemCode
from lovecampaign.campaign.source.source import UNPRINTABLE


class BadValue(ValueError):
    """A value that cannot be read; the message and the hint are for its author."""

    def __init__(
        self, code: ProblemCode, message: str, hint: str | None = None, *, part: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        #: The wrong part of the value; None: all of it.
        self.part = part


def require_text(value: object, code: ProblemCode, what: str, hint: str) -> str:
    """The value as text on one line; raises BadValue with the expected ``what``."""
    if isinstance(value, str) and value.strip():
        if UNPRINTABLE.search(value):
            raise BadValue(code, f"{what} holds a character that cannot be shown", hint)
        return re.sub(r"\s+", " ", value.strip())
    raise BadValue(code, f"{show_value(value)} is not {what}", hint)


def require_match(
    pattern: str,
    value: object,
    code: ProblemCode,
    what: str,
    hint: str,
    correct: Callable[[str], str | None] = lambda _: None,
) -> re.Match[str]:
    """The match of the whole text; raises BadValue with the expected ``what``.

    ``correct`` makes a better hint from some texts.
    """
    text = require_text(value, code, what, hint)
    match = re.fullmatch(pattern, text)
    if match is None:
        raise BadValue(code, f"{text!r} is not {what}", correct(text) or hint)
    return match


def show_value(value: object) -> str:
    """The type or number that YAML read, in words."""
    if isinstance(value, bool):
        return f"{str(value).lower()} (yes or no)"
    if isinstance(value, int | float):
        return f"the number {getattr(value, 'written', value)}"
    if isinstance(value, dict):
        return "a group of settings"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "an empty text"
