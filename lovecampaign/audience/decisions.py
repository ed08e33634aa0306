"""The decisions that a row of a subscribers' file can lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from lovecampaign.audience.subscriber import Consent, SuppressionReason
from lovecampaign.core.problems import Problem


class Subscribe(NamedTuple):
    """Add or update a mailable subscriber. Empty values are unknown and erase nothing.

    A tuple, not a dataclass: a million are made, each in a quarter of the time.
    """

    #: The normalised address (:func:`~lovecampaign.audience.address.normalise`).
    key: str
    #: The address as it was written.
    email: str
    first_name: str = ""
    last_name: str = ""
    #: IANA name; '' if unknown.
    timezone: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = MappingProxyType({})
    consent: Consent | None = None
    last_active_at: datetime | None = None
    warnings: tuple[Problem, ...] = ()
    #: A language tag; '' if unknown.
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppress:
    """Suppress an address that unsubscribed, bounced or complained in another tool."""

    key: str
    reason: SuppressionReason
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRow:
    """Skip an unconfirmed subscriber: no mistake, since our own export has such rows.

    Nothing changes, known or not: only the subscriber can confirm.
    """

    line: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Reject a row, with the reason."""

    problem: Problem


Decision = Subscribe | Suppress | SkipRow | Reject
