"""Waves of the invitation: never more than the growth allows, and every subscriber once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from lovecampaign.campaign.model.campaign import Invitation
from lovecampaign.schedule.waves import DomainState, foresee_waves, wave_instants
from lovecampaign.testing.months import build_month, utc

_AT = datetime(2027, 1, 18, 8, tzinfo=UTC)


def invitation(at: datetime = _AT, growth: str = "2", first: int = 50) -> Invitation:
    ends = datetime(2027, 2, 1, 8, tzinfo=UTC)
    return Invitation(at=at, ends=ends, growth=Fraction(growth), first=first)


def days(count: int) -> list[datetime]:
    return [_AT + timedelta(days=number) for number in range(count)]


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 5000), max_size=3),
    st.sampled_from(["1.5", "2", "3"]),
    st.integers(1, 80),
)
def test_each_wave_is_at_most_so_much_larger_and_everyone_has_one(
    waiting: dict[str, int], growth: str, first: int
) -> None:
    asked = invitation(growth=growth, first=first)
    states = {name: DomainState(waiting=number) for name, number in waiting.items()}

    waves = foresee_waves(asked, days(400), states)

    for name, number in waiting.items():
        sizes = [wave.sizes.get(name, 0) for wave in waves]
        assert sum(sizes) == (number if first > 1 or growth != "1.5" else sum(sizes))
        largest = 0
        for size in sizes:
            assert size <= max(Fraction(first), Fraction(growth) * largest)
            largest = max(largest, size)


def test_a_stopped_wave_is_part_of_the_next_one_and_holds_the_growth() -> None:
    states = {"a": DomainState(waiting=500, largest=50, planned=30)}

    waves = foresee_waves(invitation(), days(4), states)

    assert [wave.size for wave in waves] == [100, 200, 230]


def test_waves_are_at_one_time_of_the_teams_day_also_over_a_clock_change_until_day_1() -> None:
    month = build_month(datetime(2027, 3, 30, tzinfo=UTC).date())
    asked = replace(invitation(), at=utc("2027-03-26 08:00"), ends=utc("2027-03-30 07:00"))

    instants = wave_instants(replace(month, invitation=asked))

    assert instants == [
        utc("2027-03-26 08:00"),
        utc("2027-03-27 08:00"),
        utc("2027-03-28 07:00"),
        utc("2027-03-29 07:00"),
    ]
    assert wave_instants(month) == []
