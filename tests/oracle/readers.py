"""Subscribers of the reference model: everything that can change what they get."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class Place:
    """Somebody's place on a list."""

    joined_at: datetime
    is_confirmed: bool = True
    consent_until: datetime | None = None

    def consents(self, now: datetime) -> bool:
        return self.is_confirmed and (self.consent_until is None or self.consent_until > now)


@dataclass(slots=True, kw_only=True)
class Reader:
    """One person; changes between passes."""

    address: str
    #: As stored: '' and names that nobody knows are possible.
    zone: str
    places: dict[str, Place] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    #: Lists they left; '' is every list.
    left: set[str] = field(default_factory=set)
    is_launch_only: bool = False
    paused_until: datetime | None = None
    bought_at: datetime | None = None
    #: We owe them an answer.
    waits: bool = False
    #: Small tasks that they have marked as done.
    done: int = 0

    def has_left(self, name: str) -> bool:
        return bool(self.left & {"", name})
