"""For whom is an email rendered?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lovecampaign.audience.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """A reader's own links, absolute; ``mailto:`` parts are not here."""

    unsubscribe: str
    preferences: str
    web_view: str
    join: str
    insiders: str
    share: str
    deal: str
    #: Only in the ``confirm`` email: where consent is confirmed.
    confirm: str | None = None


class Recipient(NamedTuple):
    """Everything personal that one message needs; the same on every retry.

    A tuple, not a dataclass, for the reason that makes :class:`Subscriber` one.
    """

    subscriber: Subscriber
    #: The zone that counts for this person, never empty.
    zone: str
    delivery_id: str
    #: UTC; becomes the Date header and is the same on every retry.
    first_claimed_at: datetime
    links: Links
    deal_code: str | None = None
    #: Personal exception of ``deals extend``; None: the deal's own close.
    deal_closes: datetime | None = None
    #: Keys of the day emails inside this person’s catch-up or welcome, in order.
    digest: tuple[str, ...] = ()
    is_test: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        return self.subscriber.fields
