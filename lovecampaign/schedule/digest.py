"""Digests of the catch-up email (``late_joiners: catch-up``).

At the first sending moment after joining, late joiners get one digest of the must-have days that
they missed. It replaces that day's email and contains it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.month import JoinWindow
from lovecampaign.schedule.slot import EVER_AFTER, EVER_BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One digest for subscribers of a zone who joined in ``[start, end)``; never empty."""

    #: The day email that it replaces and contains.
    window: JoinWindow
    start: datetime
    end: datetime


def find_digests(
    campaign: Campaign, windows: Mapping[str, JoinWindow], founders_until: datetime
) -> Iterator[Digest]:
    """All digests of a zone, in the order of joining."""
    missed_from = min((moment for _, moment in _must_have(campaign, windows)), default=EVER_AFTER)
    until = (campaign.catch_up and campaign.catch_up.until) or campaign.launch.at
    previous = EVER_BEFORE
    sent = (window for window in windows.values() if not window.is_empty)
    for window in sorted(sent, key=_moment):
        moment = window.entry.time.moment
        start = max(previous, founders_until, missed_from)
        end = min(moment, until)
        if start < end:
            yield Digest(window=window, start=start, end=end)
        previous = moment


def keys_in_digest(
    campaign: Campaign,
    windows: Mapping[str, JoinWindow],
    founders_until: datetime,
    joined_at: datetime,
) -> tuple[str, ...]:
    """The must-have days missed before ``joined_at``, and the day's own email, in order.

    Empty without a digest.
    """
    for digest in find_digests(campaign, windows, founders_until):
        if digest.start <= joined_at < digest.end:
            missed = [key for key, moment in _must_have(campaign, windows) if moment <= joined_at]
            return (*missed, digest.window.entry.email.key)
    return ()


def _must_have(campaign: Campaign, windows: Mapping[str, JoinWindow]) -> list[tuple[str, datetime]]:
    numbers = campaign.catch_up.must_have if campaign.catch_up else ()
    return [
        (window.entry.email.key, window.entry.time.moment)
        for window in sorted(windows.values(), key=_moment)
        if window.entry.email.number in numbers
    ]


def _moment(window: JoinWindow) -> datetime:
    return window.entry.time.moment
