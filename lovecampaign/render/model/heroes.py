"""Heroes: subscribers' published answers, as emails print them."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Hero:
    """One answer, with the name that its writer wants to be shown."""

    TEMPLATE_NAME: ClassVar[str] = "hero"
    name: str
    #: On one line.
    text: str
    paragraphs: tuple[str, ...]
    #: What the answer is to.
    question: str
    #: Key of the day with the question: ``day-04``.
    day: str
    #: The address of the card to share; only in the mail to the hero.
    card: str | None = None


class Heroes:
    """The stories that may be in letters at the time of a claim, newest first.

    They are data of the claim, never frozen: a withdrawn story is gone from the next message.
    """

    def __init__(self, stories: tuple[Hero, ...] = ()) -> None:
        self.stories = stories

    @cached_property
    def version(self) -> str:
        """Equal for equal stories."""
        written = repr([astuple(story) for story in self.stories])
        return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()

    def of(self, day: str) -> tuple[Hero, ...]:
        """``heroes_of("day-04")``."""
        return tuple(story for story in self.stories if story.day == day)


class _HeroesOfAnyDay(Heroes):
    """For samples: whatever day an email asks for, it is rendered with a story."""

    def of(self, day: str) -> tuple[Hero, ...]:
        return self.stories if day else ()


NO_HEROES = Heroes()
SAMPLE_HEROES = _HeroesOfAnyDay(
    (
        Hero(
            name="Robin",
            text="This is an answer, as a reader may write it. It has two paragraphs.",
            paragraphs=("This is an answer, as a reader may write it.", "It has two paragraphs."),
            question="Which one is it?",
            day="day-01",
        ),
    )
)
