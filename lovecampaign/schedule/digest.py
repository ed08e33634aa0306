"""What does the catch-up email bring to whom? (``late_joiners: catch-up``)

At the first sending moment after they joined, late joiners get one digest of the must-have days
that they missed. It takes the place of that day's email and contains it.
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
    """One digest for everybody of a zone who joined in ``[start, end)``; never empty."""

    #: The day email whose time it takes, and which it contains.
    turn: JoinWindow
    start: datetime
    end: datetime


def find_digests(
    campaign: Campaign, turns: Mapping[str, JoinWindow], founders_until: datetime
) -> Iterator[Digest]:
    """Every digest of a zone, in the order of joining."""
    missed_from = min((moment for _, moment in _must_have(campaign, turns)), default=EVER_AFTER)
    until = _until(campaign)
    previous = EVER_BEFORE
    for turn in _in_order(turns):
        moment = turn.entry.time.moment
        start = max(previous, founders_until, missed_from)
        end = min(moment, until)
        if start < end:
            yield Digest(turn=turn, start=start, end=end)
        previous = moment


def keys_in_digest(
    campaign: Campaign,
    turns: Mapping[str, JoinWindow],
    founders_until: datetime,
    joined_at: datetime,
) -> tuple[str, ...]:
    """The must-have days missed by who joined then, and the day's own email, in order.

    Empty for whoever gets no digest.
    """
    for digest in find_digests(campaign, turns, founders_until):
        if digest.start <= joined_at < digest.end:
            missed = [key for key, moment in _must_have(campaign, turns) if moment <= joined_at]
            return (*missed, digest.turn.entry.email.key)
    return ()


def _must_have(campaign: Campaign, turns: Mapping[str, JoinWindow]) -> list[tuple[str, datetime]]:
    numbers = campaign.catch_up.must_have if campaign.catch_up else ()
    return [
        (turn.entry.email.key, turn.entry.time.moment)
        for turn in sorted(turns.values(), key=_moment)
        if turn.entry.email.number in numbers
    ]


def _until(campaign: Campaign) -> datetime:
    until = campaign.catch_up.until if campaign.catch_up else None
    return until or campaign.launch.at


def _in_order(turns: Mapping[str, JoinWindow]) -> list[JoinWindow]:
    return sorted((turn for turn in turns.values() if not turn.is_empty), key=_moment)


def _moment(turn: JoinWindow) -> datetime:
    return turn.entry.time.moment
