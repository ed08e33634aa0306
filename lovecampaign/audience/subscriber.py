"""The subscriber, consent and suppression models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class ConsentKind(StrEnum):
    """The legal basis of mail (GDPR Art. 7; CASL ss. 10 and 11: implied consent expires)."""

    EXPRESS = "express"
    IMPLIED_PURCHASE = "implied_purchase"  #: CASL: two years from the purchase
    IMPLIED_INQUIRY = "implied_inquiry"  #: CASL: six months from the inquiry
    CONSPICUOUS_PUBLICATION = "conspicuous_publication"


class SuppressionReason(StrEnum):
    """Why an address is suppressed."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"  #: three, on different days: until the next campaign
    COMPLAINT = "complaint"
    FORGOTTEN = "forgotten"
    MANUAL = "manual"


class Consent(NamedTuple):
    """One entry of the append-only consent log. A tuple: an import makes a million of them."""

    given_at: datetime
    kind: ConsentKind = ConsentKind.EXPRESS
    source: str = ""
    #: Version or hash of the text of the consent.
    text_version: str = ""
    text: str = ""
    confirmed_at: datetime | None = None
    expires_at: datetime | None = None


class Subscriber(NamedTuple):
    """A subscriber, as templates see it.

    A tuple, made for each message: a frozen dataclass takes three times as long.
    """

    id: int
    email: str
    first_name: str = ""
    last_name: str = ""
    #: IANA name; None if unknown.
    timezone: str | None = None
    #: A language tag, ``fr`` or ``pt-BR``; None if unknown.
    language: str | None = None
    fields: Mapping[str, str] = MappingProxyType({})
    tags: frozenset[str] = frozenset()
    #: A mailable member of the campaign's advance-notification list.
    is_insider: bool = False
