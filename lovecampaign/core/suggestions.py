"""Suggestions for mistyped words: the one near choice, or none where it is unsure.

A suggestion is followed without a second thought. So there is none if two choices are about as
near, if a number differs (``spring-2026`` for ``spring-2027``), or if the choice means the
opposite (``with_tags`` and ``without_tags``, ``subscribe`` and ``unsubscribe``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

#: One typo in five letters.
MIN_SIMILARITY = 0.75
#: A choice that is nearly as similar as the nearest one makes both unsure.
_CLEAR_LEAD = 0.06
_NEGATED = re.compile(
    r"-*(?:un|non?|not|never|without|exclude[ds]?|except|disabled?|dis)[-_ ]?[^\W\d]{4,}"
)


def nearest(word: str, choices: Iterable[str], at_least: float = MIN_SIMILARITY) -> str | None:
    """The one choice with a similar spelling, whatever its capitals, or None."""
    folded = word.casefold()
    scored = sorted(
        (
            (SequenceMatcher(None, folded, choice.casefold()).ratio(), choice)
            for choice in set(choices)
        ),
        reverse=True,
    )
    if not scored or scored[0][0] < at_least:
        return None
    (best, choice), *others = scored
    is_tie = best < 1 and bool(others) and others[0][0] > best - _CLEAR_LEAD
    return None if is_tie or not _may_be_a_typo(folded, choice.casefold()) else choice


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """A hint with the nearest choice, or None."""
    near = nearest(word, choices)
    return f"did you mean {near}?" if near else None


def _may_be_a_typo(word: str, choice: str) -> bool:
    """Whether both have the same numbers, and both or neither are negated."""
    has_same_numbers = re.findall(r"\d+", word) == re.findall(r"\d+", choice)
    return has_same_numbers and bool(_NEGATED.match(word)) == bool(_NEGATED.match(choice))
