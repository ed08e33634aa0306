"""The recipient of a message, with the subscriber's personal links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from lovecampaign.audience.subscriber import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """A subscriber's personal links, absolute; without the ``mailto:`` address."""

    unsubscribe: str
    preferences: str
    web_view: str
    join: str
    insiders: str
    share: str
    deal: str
    #: Only in the ``confirm`` email: confirms the consent.
    confirm: str | None = None


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
    is_test: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        return self.subscriber.fields
