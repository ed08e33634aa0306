"""Slots of the day emails by joining time: one function for each late-joiner policy.

Founders, who joined before the campaign's first real send, count as joined before day 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lovecampaign.campaign.model.campaign import CATCH_UP, Campaign, LateJoiners
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

Windows = Mapping[str, JoinWindow]
SlotsByKey = dict[str, tuple[Slot, ...]]


def day_slots(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    """The slots of all day emails and of the catch-up email, by key, for one zone."""
    slots = _POLICIES[campaign.late_joiners](campaign, zone, founders_until)
    if CATCH_UP not in slots:
        time = _campaign_start(campaign, zone)
        slots[CATCH_UP] = fill_gaps((), time, SkipReason.JOINED_AFTER)
    return slots


def campaign_join_windows(campaign: Campaign, zone: str, founders_until: datetime) -> Windows:
    """Windows on the campaign's own dates: founders get all emails, late joiners the later ones."""
    return assign_join_windows(
        campaign_calendar(campaign, zone), lambda entry: max(entry.time.moment, founders_until)
    )


def _from_today(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    windows = campaign_join_windows(campaign, zone, founders_until)
    return {key: _window_slots(window) for key, window in windows.items()}


def _catch_up(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    windows = campaign_join_windows(campaign, zone, founders_until)
    digests = {
        digest.window.entry.email.key: digest
        for digest in find_digests(campaign, windows, founders_until)
    }
    slots = {key: _window_slots(window, digests.get(key)) for key, window in windows.items()}
    slots[CATCH_UP] = fill_gaps(
        (digest.window.entry.time.slot(digest.start, digest.end) for digest in digests.values()),
        _campaign_start(campaign, zone),
        SkipReason.JOINED_AFTER,
    )
    return slots


def _wait(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    windows = assign_join_windows(campaign_calendar(campaign, zone), lambda _entry: founders_until)
    return {key: _window_slots(window) for key, window in windows.items()}


def _from_day_1(campaign: Campaign, zone: str, founders_until: datetime) -> SlotsByKey:
    founders = assign_join_windows(campaign_calendar(campaign, zone), lambda _entry: founders_until)
    months = list(_personal_months(campaign, zone, founders_until))
    slots: SlotsByKey = {}
    for key, window in founders.items():
        personal = (month.slot(key) for month in months if key in month.windows)
        slots[key] = fill_gaps(
            (*_window_pieces(window), *personal), window.entry.time, SkipReason.JOINED_AFTER
        )
    return slots


@dataclass(frozen=True, slots=True, kw_only=True)
class _PersonalMonth:
    """The calendar of subscribers of a zone who joined on one local date."""

    joined_from: datetime
    joined_before: datetime
    windows: Windows

    def slot(self, key: str) -> Slot:
        window = self.windows[key]
        reason = SkipReason.DAY_TAKEN if window.is_empty else None
        return window.entry.time.slot(self.joined_from, self.joined_before, reason)


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
            windows=assign_join_windows(entries, lambda _entry: EVER_AFTER),
        )
        joined_on = next_day


def _personal_entries(campaign: Campaign, zone: str, first_day: date) -> Iterator[DayEntry]:
    for email in campaign.day_emails:
        if email.pinned or email.number is None:
            continue
        entry = enter(campaign, email, first_day + timedelta(days=email.number - 1), zone)
        if entry.time.moment < campaign.launch.at:
            yield entry


def _window_slots(window: JoinWindow, digest: Digest | None = None) -> tuple[Slot, ...]:
    return fill_gaps(_window_pieces(window, digest), window.entry.time, SkipReason.JOINED_AFTER)


def _window_pieces(window: JoinWindow, digest: Digest | None = None) -> Iterator[Slot]:
    time = window.entry.time
    yield time.slot(EVER_BEFORE, min(window.start, window.end), SkipReason.DAY_TAKEN)
    if digest is None:
        yield time.slot(window.start, window.end)
    else:
        yield time.slot(window.start, digest.start)
        yield time.slot(digest.start, digest.end, SkipReason.IN_DIGEST)
        yield time.slot(digest.end, window.end)


def _campaign_start(campaign: Campaign, zone: str) -> SlotTime:
    """The time of slots without recipients: the campaign's start, and late soon after.

    Planning ends for an email when all its slots are late.
    """
    moment = to_utc(campaign.start, campaign.sending.at, day_zone(campaign, zone))
    return SlotTime(moment=moment, due=moment, expires=moment + campaign.sending.late_after)


_POLICIES: Mapping[LateJoiners, Callable[[Campaign, str, datetime], SlotsByKey]] = {
    LateJoiners.FROM_TODAY: _from_today,
    LateJoiners.CATCH_UP: _catch_up,
    LateJoiners.FROM_DAY_1: _from_day_1,
    LateJoiners.WAIT: _wait,
}


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
