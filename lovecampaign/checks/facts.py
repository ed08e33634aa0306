"""What do rules know besides the campaign's files?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lovecampaign.settings import DEFAULT_PUBLIC_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The world around a campaign at the time of a check."""

    now: datetime
    #: Whether mail really leaves: then senders, links and words must be the author's own.
    provider_leaves_machine: bool = False
    #: Where readers' links lead.
    public_url: str = DEFAULT_PUBLIC_URL
    #: Mailable subscribers of the campaign; None where nobody counted.
    subscribers: int | None = None
    #: The zones in which they live.
    zones: frozenset[str] = frozenset()
