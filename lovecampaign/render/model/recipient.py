"""The recipient of a message, with the subscriber's personal links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.render.model.heroes import NO_HEROES, Heroes


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """A subscriber's personal links, absolute; without the ``mailto:`` address."""

    unsubscribe: str
    preferences: str
    web_view: str
    join: str
    insiders: str
    #: Chooses the daily month, for the invitation.
    every_day: str
    share: str
    deal: str
    #: Answers the question of ``[[answer: …]]``.
    answer: str
    #: The subscriber's own month, with the task of ``[[done: …]]``.
    month: str
    #: Opens a case, for ``[[help: …]]``.
    help: str
    #: Takes a file of ``[[gift: …]]``.
    gift: str
    #: Only in the ``confirm`` email: confirms the consent.
    confirm: str | None = None


class Progress(NamedTuple):
    """What a subscriber has done of the month's small tasks."""

    done: int = 0
    #: Local days in a row, up to today or yesterday.
    streak: int = 0
    #: How many subscribers have done any; 0 for fewer than five.
    group_done: int = 0


NO_PROGRESS = Progress()


class Giving(NamedTuple):
    """What a subscriber was given in a campaign so far, and what they were asked."""

    #: Letters that give.
    gifts: int = 0
    #: Letters that ask for something.
    asks: int = 0


NO_GIVING = Giving()


class Recipient(NamedTuple):
    """All personal data of one message; the same on every retry.

    A tuple, not a dataclass, for the same reason as :class:`Subscriber`.
    """

    subscriber: Subscriber
    #: The zone that times are shown in; never empty.
    zone: str
    delivery_id: str
    #: UTC; becomes the Date header.
    first_claimed_at: datetime
    links: Links
    deal_code: str | None = None
    #: A personal extension (``deals extend``); None: the deal's own close.
    deal_closes: datetime | None = None
    #: Keys of the day emails in this catch-up or welcome, in order.
    digest: tuple[str, ...] = ()
    #: The stories that the email may print, as they are at this claim.
    heroes: Heroes = NO_HEROES
    progress: Progress = NO_PROGRESS
    giving: Giving = NO_GIVING
    #: A personal line in this one message, with its signature; '' for all others.
    note: str = ""
    is_test: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        return self.subscriber.fields
