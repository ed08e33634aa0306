"""An interval is due at once, and then not before its seconds have passed."""

from __future__ import annotations

from lovecampaign.core.interval import Interval


def test_it_is_due_at_once_and_then_once_in_each_interval() -> None:
    times = iter([100.0, 100.5, 101.0, 101.9, 102.0])
    interval = Interval(1.0, clock=lambda: next(times))

    assert [interval.is_due() for _ in range(5)] == [True, False, True, False, True]


def test_restarting_begins_a_new_interval() -> None:
    times = iter([0.0, 5.0, 5.5, 6.0])
    interval = Interval(1.0, clock=lambda: next(times))
    interval.is_due()
    interval.restart()

    assert [interval.is_due(), interval.is_due()] == [False, True]
