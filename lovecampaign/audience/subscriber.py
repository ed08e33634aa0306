"""Who is a subscriber, as the rest of the house sees one?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class ConsentKind(StrEnum):
    """On what ground we write (GDPR Art. 7; CASL ss. 10 and 11: implied consent expires)."""

    EXPRESS = "express"
    IMPLIED_PURCHASE = "implied_purchase"  #: CASL: two years from the purchase
    IMPLIED_INQUIRY = "implied_inquiry"  #: CASL: six months from the question
    CONSPICUOUS_PUBLICATION = "conspicuous_publication"


class SuppressionReason(StrEnum):
    """Why an address gets no more mail."""

    UNSUBSCRIBED = "unsubscribed"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"  #: three, on different days: rests until the next campaign
    COMPLAINT = "complaint"
    FORGOTTEN = "forgotten"
    MANUAL = "manual"


class Consent(NamedTuple):
    """One entry of the append-only log: what was agreed to, when, where and how.

    A tuple, not a dataclass: an import makes a million of them.
    """

    given_at: datetime
    kind: ConsentKind = ConsentKind.EXPRESS
    source: str = ""
    #: Version or hash of the text that was agreed to.
    text_version: str = ""
    text: str = ""
    confirmed_at: datetime | None = None
    expires_at: datetime | None = None


_NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})


class Subscriber(NamedTuple):
    """A person, as templates may address them.

    One is made for each message: a frozen dataclass takes three times as long.
    """

    id: int
    email: str
    first_name: str = ""
    last_name: str = ""
    #: IANA name, or None where nobody knows.
    timezone: str | None = None
    locale: str | None = None
    fields: Mapping[str, str] = _NOTHING_KNOWN
    tags: frozenset[str] = frozenset()
    #: A mailable member of the campaign's advance-notification list.
    is_insider: bool = False
