"""Threads are begun while they help: where the server lets us wait, not where it keeps up."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from lovecampaign.providers.pool.autoscale import CHECK_SECONDS, Autoscaler


@dataclass
class Seconds:
    """A clock that goes on when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, looks: float) -> None:
        self.now += looks * CHECK_SECONDS


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


def wait(waits: ExitStack, autoscaler: Autoscaler, threads: int) -> None:
    """So many threads_to_add threads have nothing to do but to wait."""
    for _ in range(threads):
        waits.enter_context(autoscaler.waiting())


def test_where_the_server_lets_us_wait_all_are_at_work_after_four_looks(clock: Seconds) -> None:
    autoscaler = Autoscaler(10, clock=clock)
    found = [autoscaler.start()]
    with ExitStack() as waits:
        for _ in range(5):
            wait(waits, autoscaler, found[-1])
            clock.pass_by(1.01)
            found.append(autoscaler.threads_to_add())
    assert found == [1, 1, 2, 4, 2, 0]


def test_who_waits_less_than_they_work_gets_no_company(clock: Seconds) -> None:
    autoscaler = Autoscaler(10, clock=clock)
    autoscaler.start()
    for _ in range(3):
        with autoscaler.waiting():
            clock.pass_by(0.8)
        clock.pass_by(1.01)
        assert autoscaler.threads_to_add() == 0


def test_waits_of_before_the_last_look_do_not_count(clock: Seconds) -> None:
    autoscaler = Autoscaler(10, clock=clock)
    autoscaler.start()
    with autoscaler.waiting():
        clock.pass_by(5.01)
    assert autoscaler.threads_to_add() == 1
    clock.pass_by(1.01)
    assert autoscaler.threads_to_add() == 0


def test_no_look_is_taken_before_its_time(clock: Seconds) -> None:
    autoscaler = Autoscaler(10, clock=clock)
    autoscaler.start()
    with autoscaler.waiting():
        clock.pass_by(0.9)
        assert autoscaler.threads_to_add() == 0
        clock.pass_by(0.2)
        assert autoscaler.threads_to_add() == 1


def test_of_several_threads_most_have_to_wait(clock: Seconds) -> None:
    autoscaler = Autoscaler(10, clock=clock)
    autoscaler.start()
    with autoscaler.waiting():
        clock.pass_by(1.01)
        assert autoscaler.threads_to_add() == 1
        clock.pass_by(1.01)
        assert autoscaler.threads_to_add() == 0, "one of two"
        autoscaler.note_thread_end()
        clock.pass_by(1.01)
        assert autoscaler.threads_to_add() == 1, "the only one that is left"


def test_the_next_stream_begins_with_half_of_what_this_one_needed(clock: Seconds) -> None:
    autoscaler = Autoscaler(20, clock=clock)
    autoscaler.start()
    with ExitStack() as waits:
        for threads in (1, 1, 2, 4):
            wait(waits, autoscaler, threads)
            clock.pass_by(1.01)
            autoscaler.threads_to_add()
    assert autoscaler.start() == 8


def test_there_are_never_more_than_there_may_be(clock: Seconds) -> None:
    autoscaler = Autoscaler(1, clock=clock)
    assert autoscaler.start() == 1
    with autoscaler.waiting():
        clock.pass_by(5.01)
        assert autoscaler.threads_to_add() == 0


def test_time_that_was_waited_elsewhere_counts_too(clock: Seconds) -> None:
    autoscaler = Autoscaler(10, clock=clock)
    autoscaler.start()
    clock.pass_by(10)
    autoscaler.note_waited(8 * CHECK_SECONDS)
    assert autoscaler.threads_to_add() == 1
