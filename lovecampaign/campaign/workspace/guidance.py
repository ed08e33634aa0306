"""The method's letters, with a working title and guidance for each, in seven languages.

``guidance_texts/LL.toml`` holds one language; all files have the same keys.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from lovecampaign.campaign.model.campaign import Kind

_FOLDER = Path(__file__).with_name("guidance_texts")
LANGUAGES = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
WELCOME, INVITE, QUESTION, ANSWERS, LAST = "welcome", "invite", "question", "answers", "last"
#: Between the first letter and the last, again and again; answers follow the question.
_MIDDLE = (
    *("tool", "story", "insight", "thanks", QUESTION, "guest"),
    *("checklist", "mistake", ANSWERS, "share"),
)
_KINDS = {
    "tool": Kind.TOOL,
    "checklist": Kind.TOOL,
    "story": Kind.STORY,
    "mistake": Kind.STORY,
    "thanks": Kind.THANKS,
    ANSWERS: Kind.THANKS,
    QUESTION: Kind.ASK,
    "guest": Kind.GUEST,
}
#: A month of fewer days invites to the advance list once.
_MIN_DAYS_FOR_TWO_INVITATIONS = 12
#: A working preheader, in every language.
PREHEADER = "[…]"
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_BUTTON = re.compile(r"\[\[.*?\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """The texts of one language."""

    timezone: str
    settings: dict[str, str]
    comments: dict[str, str]
    letters: dict[str, dict[str, Any]]

    def subject(self, letter: str) -> str:
        """A working title in brackets, which no finished letter has as its subject."""
        return f"[{self.letters[letter]['title']}]"

    def lines(self, letter: str) -> Sequence[str]:
        return tuple(self.letters[letter]["guidance"])


@cache
def read_guidance(language: str) -> Guidance:
    """The texts of a language of :data:`LANGUAGES`."""
    return Guidance(**tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8")))


def plan_letters(days: int) -> list[str]:
    """The letter of each day: welcome, a varied middle with invitations, the last letter."""
    invitations = 2 if days >= _MIN_DAYS_FOR_TWO_INVITATIONS else 1
    letters = [WELCOME, *middle_letters(days - 2 - invitations), LAST]
    for place in (days // 2, days - 3)[:invitations]:
        letters.insert(place, INVITE)
    return letters


def middle_letters(count: int) -> list[str]:
    """Letters between the first and the last."""
    return list(islice(cycle(_MIDDLE), count))


def kind_of(letter: str) -> Kind:
    return _KINDS.get(letter, Kind.VALUE)


def find_guidance(text: str) -> str | None:
    """The first line of guidance in a copy's comments, in any language."""
    lines = (line.strip() for found in _COMMENT.finditer(text) for line in found[0].splitlines())
    return next((line for line in lines if line in _all_lines()), None)


def is_blank(text: str) -> bool:
    """Whether a copy holds guidance, and no words of the author's."""
    return find_guidance(text) is not None and not _BUTTON.sub("", _COMMENT.sub("", text)).strip()


def is_placeholder(text: str) -> bool:
    """Whether a text is one that the author has to replace: a setting or a working title."""
    return text in _all_placeholders()


@cache
def _all_lines() -> frozenset[str]:
    guides = map(read_guidance, LANGUAGES)
    return frozenset(line for guide in guides for one in guide.letters for line in guide.lines(one))


@cache
def _all_placeholders() -> frozenset[str]:
    guides = list(map(read_guidance, LANGUAGES))
    settings = {text for guide in guides for text in guide.settings.values() if text[0] == "["}
    titles = {guide.subject(letter) for guide in guides for letter in guide.letters}
    return frozenset({PREHEADER} | settings | titles)
