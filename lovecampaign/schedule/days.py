"""Who gets which day email, given when they joined? One function for each late-joiner policy.

Founders, who joined before the campaign's first real send, count as joined before day 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lovecampaign.campaign.model.campaign import CATCH_UP, Campaign, LateJoiners
from lovecampaign.schedule.digest import Digest, find_digests
from lovecampaign.schedule.instants import day_start, local_day, to_utc
from lovecampaign.schedule.month import (
    DayEntry,
    JoinWindow,
    assign_join_windows,
    campaign_calendar,
    day_zone,
    enter,
)
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slot import EVER_AFTER, EVER_BEFORE, Slot, SlotTime, fill_gaps

Turns = Mapping[str, JoinWindow]
SlotsByKey = dict[str, tuple[Slot, ...]]


def day_slots(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    """Slots of every day email and of the catch-up email, by key, for one zone."""
    slots = _POLICIES[campaign.late_joiners](campaign, zone, founders_until)
    if CATCH_UP not in slots:
        nobody = _before_the_month(campaign, zone)
        slots[CATCH_UP] = fill_gaps((), nobody, SkipReason.JOINED_AFTER)
    return slots


def campaign_join_windows(campaign: Campaign, zone: str, founders_until: datetime) -> Turns:
    """Turns on the campaign's own dates: founders get all, later ones what is still to come."""
    return assign_join_windows(
        campaign_calendar(campaign, zone), lambda entry: max(entry.time.moment, founders_until)
    )


def _from_today(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    turns = campaign_join_windows(campaign, zone, founders_until)
    return {key: _turn_slots(turn) for key, turn in turns.items()}


def _catch_up(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    turns = campaign_join_windows(campaign, zone, founders_until)
    digests = {
        digest.turn.entry.email.key: digest
        for digest in find_digests(campaign, turns, founders_until)
    }
    slots = {key: _turn_slots(turn, digests.get(key)) for key, turn in turns.items()}
    slots[CATCH_UP] = fill_gaps(
        (digest.turn.entry.time.slot(digest.start, digest.end) for digest in digests.values()),
        _before_the_month(campaign, zone),
        SkipReason.JOINED_AFTER,
    )
    return slots


def _wait(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    turns = assign_join_windows(campaign_calendar(campaign, zone), lambda _entry: founders_until)
    return {key: _turn_slots(turn) for key, turn in turns.items()}


def _from_day_1(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    founders = assign_join_windows(campaign_calendar(campaign, zone), lambda _entry: founders_until)
    months = list(_personal_months(campaign, zone, founders_until))
    slots: SlotsByKey = {}
    for key, turn in founders.items():
        personal = (month.slot(key) for month in months if key in month.turns)
        slots[key] = fill_gaps(
            (*_turn_pieces(turn), *personal), turn.entry.time, SkipReason.JOINED_AFTER
        )
    return slots


@dataclass(frozen=True, slots=True, kw_only=True)
class _PersonalMonth:
    """The calendar of everybody of a zone who joined on one local date."""

    joined_from: datetime
    joined_before: datetime
    turns: Turns

    def slot(self, key: str) -> Slot:
        turn = self.turns[key]
        reason = SkipReason.DAY_TAKEN if turn.is_empty else None
        return turn.entry.time.slot(self.joined_from, self.joined_before, reason)


def _personal_months(
    campaign: Campaign, zone: str, founders_until: datetime
) -> Iterator[_PersonalMonth]:
    if founders_until >= campaign.launch.at:
        return
    clock_zone = day_zone(campaign, zone)
    joined_on = local_day(founders_until, clock_zone)
    while day_start(joined_on, clock_zone) < campaign.launch.at:
        next_day = joined_on + timedelta(days=1)
        entries = _personal_entries(campaign, zone, max(next_day, campaign.start))
        yield _PersonalMonth(
            joined_from=max(day_start(joined_on, clock_zone), founders_until),
            joined_before=day_start(next_day, clock_zone),
            turns=assign_join_windows(entries, lambda _entry: EVER_AFTER),
        )
        joined_on = next_day


def _personal_entries(campaign: Campaign, zone: str, first_day: date) -> Iterator[DayEntry]:
    for email in campaign.day_emails:
        if email.pinned or email.number is None:
            continue
        entry = enter(campaign, email, first_day + timedelta(days=email.number - 1), zone)
        if entry.time.moment < campaign.launch.at:
            yield entry


def _turn_slots(turn: JoinWindow, digest: Digest | None = None) -> tuple[Slot, ...]:
    return fill_gaps(_turn_pieces(turn, digest), turn.entry.time, SkipReason.JOINED_AFTER)


def _turn_pieces(turn: JoinWindow, digest: Digest | None = None) -> Iterator[Slot]:
    time = turn.entry.time
    yield time.slot(EVER_BEFORE, min(turn.start, turn.end), SkipReason.DAY_TAKEN)
    if digest is None:
        yield time.slot(turn.start, turn.end)
    else:
        yield time.slot(turn.start, digest.start)
        yield time.slot(digest.start, digest.end, SkipReason.IN_DIGEST)
        yield time.slot(digest.end, turn.end)


def _before_the_month(campaign: Campaign, zone: str) -> SlotTime:
    """A time for what nobody of a slot gets: the start of the campaign, and late soon after.

    Where everybody's slot ends, planning need not look for more.
    """
    moment = to_utc(campaign.start, campaign.sending.at, day_zone(campaign, zone))
    return SlotTime(moment=moment, due=moment, expires=moment + campaign.sending.late_after)


_POLICIES: Mapping[LateJoiners, Callable[[Campaign, str, datetime], SlotsByKey]] = {
    LateJoiners.FROM_TODAY: _from_today,
    LateJoiners.CATCH_UP: _catch_up,
    LateJoiners.FROM_DAY_1: _from_day_1,
    LateJoiners.WAIT: _wait,
}
