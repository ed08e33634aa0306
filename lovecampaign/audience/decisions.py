"""What can a row of a subscribers' file ask us to do?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lovecampaign.audience.subscriber import Consent, SuppressionReason
from lovecampaign.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Somebody we may write to. Empty values are unknown, never an order to erase."""

    #: Where it stands in the file; 0 for a person typed on the command line.
    line: int = 0
    #: The address by which we know people (:func:`~lovecampaign.audience.address.normalise`).
    key: str
    #: The address as it was written.
    email: str
    first_name: str = ""
    last_name: str = ""
    #: IANA name; '' where nobody knows.
    timezone: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    consent: Consent | None = None
    last_active_at: datetime | None = None
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppress:
    """Somebody who left, bounced or complained elsewhere: never a subscriber."""

    line: int
    key: str
    reason: SuppressionReason
    #: Since when, where the file tells.
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row that we cannot take, and why."""

    problem: Problem


Decision = Subscribe | Suppress | Reject
