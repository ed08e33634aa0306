"""What can a row of a subscribers' file ask us to do?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from lovecampaign.audience.subscriber import Consent, SuppressionReason
from lovecampaign.core.problems import Problem


class Subscribe(NamedTuple):
    """Somebody we may write to. Empty values are unknown, never an order to erase.

    A tuple, not a dataclass: a million of them are made, each in a quarter of the time.
    """

    #: The address by which we know people (:func:`~lovecampaign.audience.address.normalise`).
    key: str
    #: The address as it was written.
    email: str
    first_name: str = ""
    last_name: str = ""
    #: IANA name; '' where nobody knows.
    timezone: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = MappingProxyType({})
    consent: Consent | None = None
    last_active_at: datetime | None = None
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppress:
    """Somebody who left, bounced or complained elsewhere: never a subscriber."""

    key: str
    reason: SuppressionReason
    #: Since when, where the file tells.
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRow:
    """Somebody who was asked and has not confirmed: no mistake, our own export has such rows.

    Known here or not, nothing changes; only a person can confirm.
    """

    #: Where it stands in the file.
    line: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row that we cannot take, and why."""

    problem: Problem


Decision = Subscribe | Suppress | SkipRow | Reject
