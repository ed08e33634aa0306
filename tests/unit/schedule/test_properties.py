"""Whatever the zone, the date, the policy and the quiet hours: none lost, none early, one a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lovecampaign.campaign.model.campaign import CATCH_UP, Campaign, Email, LateJoiners, Role
from lovecampaign.campaign.model.sending import ClockChoice, QuietHours
from lovecampaign.core.zones import is_known_zone
from lovecampaign.schedule.instants import local_day
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import Slot, digest_keys, plan_zone
from lovecampaign.testing.months import build_month

ZONES = sorted(zone for zone in available_timezones() if is_known_zone(zone))
#: The clocks of the world change in the four weeks after each.
STARTS = (date(2026, 3, 10), date(2027, 10, 20), date(2028, 3, 20), date(2026, 9, 20))
NIGHT = QuietHours(start=time(21), end=time(7))


@cache
def one_zone_of_each_kind() -> tuple[str, ...]:
    """Of all zones that show the same times from 2026 to 2028, one: some 100 of 600."""
    return tuple({offsets_of(zone): zone for zone in ZONES}.values())


def offsets_of(zone: str) -> tuple[timedelta | None, ...]:
    """The offsets of every day, and of every half hour of a day on which they change."""
    place = ZoneInfo(zone)
    days = [
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(3 * 365 + 2)
    ]
    offsets = [day.astimezone(place).utcoffset() for day in days]
    changing = [
        day for day, (one, next_) in zip(days, pairwise(offsets), strict=False) if one != next_
    ]
    halves = (day + timedelta(minutes=30 * half) for day in changing for half in range(48))
    return (*offsets, *(half.astimezone(place).utcoffset() for half in halves))


@dataclass(frozen=True)
class Person:
    """Somebody of a zone who joined once, in a campaign with a first send."""

    campaign: Campaign
    zone: str
    joined: datetime
    founders: datetime
    #: The one slot of each email in which the person stands.
    slots: Mapping[str, Slot]

    @property
    def is_founder(self) -> bool:
        return self.joined < self.founders


def people(
    campaign: Campaign, zone: str, founders: datetime, joinings: Iterable[datetime]
) -> Iterator[Person]:
    """Somebody for each instant of joining."""
    plan = plan_zone(campaign, zone, founders)
    for slots in plan.values():
        assert_covers_all_of_time(slots)
    for joined in joinings:
        own = {}
        for key, slots in plan.items():
            (own[key],) = [slot for slot in slots if slot.holds(joined)]
        yield Person(campaign, zone, joined, founders, own)


def assert_covers_all_of_time(slots: tuple[Slot, ...]) -> None:
    assert slots[0].joined_from is None
    assert slots[-1].joined_before is None
    for before, after in pairwise(slots):
        assert before.joined_before == after.joined_from is not None
    for slot in slots:
        if slot.joined_from and slot.joined_before:
            assert slot.joined_from < slot.joined_before


def assert_keeps_the_promises(person: Person) -> None:
    assert_one_a_day(person)
    for email in person.campaign.scheduled_emails:
        slot = person.slots[email.key]
        assert_not_early(person, email, slot)
        if slot.reason is not None:
            assert_reason_holds(person, email, slot)


def assert_one_a_day(person: Person) -> None:
    days = Counter(
        local_day(person.slots[email.key].due, person.zone)
        for email in person.campaign.scheduled_emails
        if email.is_one_a_day and person.slots[email.key].reason is None
    )
    assert max(days.values(), default=0) <= 1


def assert_not_early(person: Person, email: Email, slot: Slot) -> None:
    assert slot.due >= slot.moment
    assert slot.expires is None or slot.expires > slot.due
    if slot.reason is None and not person.is_founder and email.key != "thanks":
        assert slot.due_for(person.joined) >= person.joined
    if email.role is Role.DAY:
        assert email.date is not None
        assert email.at is not None
        is_own_clock = person.campaign.sending.clock is ClockChoice.SUBSCRIBER
        clock = ZoneInfo(person.zone if is_own_clock else person.campaign.timezone)
        shown = slot.moment.astimezone(clock).replace(tzinfo=None)
        assert shown >= datetime.combine(email.date, email.at)


def assert_reason_holds(person: Person, email: Email, slot: Slot) -> None:
    if slot.reason is SkipReason.DAY_TAKEN:
        others = [
            local_day(other.due, person.zone)
            for key, other in person.slots.items()
            if key != email.key and other.reason is None
        ]
        assert local_day(slot.due, person.zone) in others
    elif slot.reason is SkipReason.IN_DIGEST:
        digest = person.slots[CATCH_UP]
        assert digest.reason is None
        assert digest.due == slot.due
        keys = digest_keys(person.campaign, person.zone, person.joined, person.founders)
        assert keys[-1] == email.key
        assert len(keys) > 1
    else:
        assert slot.reason is SkipReason.JOINED_AFTER
        assert email.key == CATCH_UP or not person.is_founder


quiet_hours = st.none() | st.builds(
    lambda start, hours: QuietHours(start=time(start), end=time((start + hours) % 24)),
    st.integers(0, 23),
    st.integers(1, 12),
)
quarters = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    return build_month(
        draw(st.dates(date(2026, 1, 1), date(2028, 12, 31))),
        timezone=draw(st.sampled_from(ZONES)),
        clock=draw(st.sampled_from(ClockChoice)),
        late_joiners=draw(st.sampled_from(LateJoiners)),
        quiet_hours=draw(quiet_hours),
        at=draw(quarters),
        times=draw(st.dictionaries(st.integers(1, 27), quarters, max_size=6)),
        skip=draw(st.lists(st.integers(1, 27), max_size=4)),
        pinned=draw(st.lists(st.integers(1, 27), max_size=4)),
        must_have=draw(st.lists(st.integers(1, 27), max_size=4)),
    )


def minutes_into(campaign: Campaign, minutes: int) -> datetime:
    return datetime.combine(campaign.start, time.min, tzinfo=UTC) + timedelta(minutes=minutes)


#: From four days before the month to ten days after it.
minutes = st.integers(-4 * 1440, 38 * 1440)


@settings(max_examples=250)
@given(campaign=campaigns(), zone=st.sampled_from(ZONES), first=minutes, joining=st.lists(minutes))
def test_every_person_gets_or_misses_every_email_for_a_reason_that_holds(
    campaign: Campaign, zone: str, first: int, joining: list[int]
) -> None:
    founders = minutes_into(campaign, first)
    joinings = (founders, *(minutes_into(campaign, offset) for offset in joining))
    for person in people(campaign, zone, founders, joinings):
        assert_keeps_the_promises(person)


@settings(max_examples=60)
@given(campaign=campaigns(), zone=st.sampled_from(ZONES), first=st.integers(0, 27 * 1440))
def test_the_promises_hold_at_both_sides_of_every_edge(
    campaign: Campaign, zone: str, first: int
) -> None:
    """Who joins at the edge of a slot, or a microsecond before it, is treated right."""
    founders = minutes_into(campaign, first)
    edges = {
        slot.joined_from
        for slots in plan_zone(campaign, zone, founders).values()
        for slot in slots
        if slot.joined_from
    }
    joinings = (
        edge - offset for edge in edges for offset in (timedelta(microseconds=1), timedelta())
    )
    for person in people(campaign, zone, founders, joinings):
        assert_keeps_the_promises(person)


@pytest.mark.parametrize("policy", LateJoiners)
@pytest.mark.parametrize("clock", ClockChoice)
def test_the_promises_hold_in_every_zone_over_the_clock_changes_of_spring_and_autumn(
    policy: LateJoiners, clock: ClockChoice
) -> None:
    for index, zone in enumerate(one_zone_of_each_kind()):
        start = STARTS[index % len(STARTS)]
        campaign = build_month(
            start, clock=clock, late_joiners=policy, quiet_hours=NIGHT, times={5: time(2, 30)}
        )
        founders = datetime.combine(start + timedelta(days=3), time(11), tzinfo=UTC)
        joinings = (founders + timedelta(days=days) for days in (-1, 0, 9))
        for person in people(campaign, zone, founders, joinings):
            assert_keeps_the_promises(person)


def test_on_the_readers_clock_founders_miss_nothing_in_any_zone_and_month_of_2026_to_2028() -> None:
    months = [date(year, month, 1) for year in (2026, 2027, 2028) for month in range(1, 13)]
    for start in months:
        campaign = build_month(start, at=time(start.month % 4, 30))
        for zone in one_zone_of_each_kind():
            for email, slots in zip(
                campaign.scheduled_emails,
                plan_zone(campaign, zone, None).values(),
                strict=True,
            ):
                (slot,) = slots
                assert slot.reason is None or email.role is Role.CATCH_UP
                if email.role is Role.DAY:
                    assert local_day(slot.due, zone) == email.date


def test_the_zones_of_each_kind_are_all_there() -> None:
    kinds = one_zone_of_each_kind()
    assert len(kinds) > 50
    assert {offsets_of(zone) for zone in kinds} == {offsets_of(zone) for zone in ZONES}
