"""After a refusal for our rate nothing is offered for a while, and then no more than was taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lovecampaign.providers.base.outcomes import NoConnection, Verdict, hold_for_rate
from lovecampaign.providers.smtp.pace import SendingPace

REFUSAL = hold_for_rate("450 4.7.1 Error: too much mail from 192.0.2.1")


class Seconds:
    """A clock that is moved by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def pace(clock: Seconds) -> SendingPace:
    return SendingPace(clock)


def waits(verdict: Verdict) -> float:
    assert verdict.retry_after_seconds is not None
    return verdict.retry_after_seconds


def refusals_until(pace: SendingPace, clock: Seconds, count: int) -> Iterator[float]:
    for _ in range(count):
        seconds = waits(pace.note_refused(REFUSAL))
        clock.now += seconds
        yield seconds


def test_without_a_refusal_there_is_no_pace(pace: SendingPace) -> None:
    for _ in range(1_000):
        assert list(pace.wait()) == []
        pace.note_accepted()
    assert pace.interval == 0


def test_a_hold_in_vain_is_followed_by_a_longer_one(pace: SendingPace, clock: Seconds) -> None:
    assert list(refusals_until(pace, clock, 5)) == [10, 20, 40, 60, 60]


def test_refusals_during_a_hold_do_not_lengthen_it(pace: SendingPace, clock: Seconds) -> None:
    pace.note_refused(REFUSAL)
    clock.now += 4
    assert waits(pace.note_refused(REFUSAL)) == 6
    with pytest.raises(NoConnection, match="too much mail") as held:
        pace.check()
    assert waits(held.value.verdict) == 6
    clock.now += 6
    pace.check()


def test_after_the_hold_the_pace_is_what_the_server_took(pace: SendingPace, clock: Seconds) -> None:
    """100 messages in 2 seconds, and 70 seconds of holds: 100 in 72 seconds."""
    for _ in range(101):
        pace.note_accepted()
        clock.now += 0.02
    clock.now -= 0.02
    list(refusals_until(pace, clock, 3))
    pace.note_accepted()
    assert pace.interval == pytest.approx(72 / 101)
    [timer, *_] = [*pace.wait(), *pace.wait()]
    assert timer.deadline > 0


def test_a_pace_that_is_kept_is_raised(pace: SendingPace, clock: Seconds) -> None:
    pace.note_accepted()
    list(refusals_until(pace, clock, 1))
    pace.note_accepted()
    slow = pace.interval
    for _ in range(200):
        clock.now += 1
        pace.note_accepted()
    assert 0 < pace.interval < 0.7 * slow


def test_mail_on_its_way_at_the_refusal_does_not_end_the_hold(
    pace: SendingPace, clock: Seconds
) -> None:
    pace.note_accepted()
    pace.note_refused(REFUSAL)
    clock.now += 1
    pace.note_accepted()
    with pytest.raises(NoConnection):
        pace.check()
    assert pace.interval == 0
