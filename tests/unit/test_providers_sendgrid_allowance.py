"""No more requests are under way than SendGrid takes; without a word of its, all there are."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import UTC, datetime

import pytest

from lovecampaign.clock import FixedClock
from lovecampaign.providers.http_wire import HttpReply
from lovecampaign.providers.sendgrid_allowance import Allowance

NOW = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)


def allowance_of(left: int, *, seconds: int = 60) -> Allowance:
    allowance = Allowance(FixedClock(NOW))
    headers = {
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(int(NOW.timestamp()) + seconds),
    }
    allowance.note(HttpReply(status=202, headers=headers))
    return allowance


def begins_within(allowance: Allowance, seconds: float) -> bool:
    """Whether a request of another connection begins that soon."""
    has_begun = threading.Event()

    def request() -> None:
        with allowance:
            has_begun.set()

    threading.Thread(target=request, daemon=True).start()
    return has_begun.wait(seconds)


def test_without_a_word_of_theirs_everything_goes_at_once() -> None:
    allowance = Allowance(FixedClock(NOW))
    begun = time.monotonic()
    with contextlib.ExitStack() as requests:
        for _ in range(100):
            requests.enter_context(allowance)
    assert time.monotonic() - begun < 0.5


def test_one_waits_while_as_many_are_under_way_as_are_left_and_goes_when_one_ends() -> None:
    allowance = allowance_of(2)
    has_begun = threading.Event()

    def third() -> None:
        with allowance:
            has_begun.set()

    with allowance:
        with allowance:
            thread = threading.Thread(target=third)
            thread.start()
            assert not has_begun.wait(0.2)
        assert has_begun.wait(2), "the window does not end for a minute"
    thread.join()


def test_a_request_that_failed_is_no_longer_under_way() -> None:
    allowance = allowance_of(1)
    with pytest.raises(ZeroDivisionError), allowance:
        _ = 1 / 0
    assert begins_within(allowance, 2)


def test_an_answer_of_the_same_window_takes_back_nothing() -> None:
    """Answers overtake each other: the least that was said to be left holds."""
    allowance = allowance_of(0, seconds=60)
    headers = {
        "x-ratelimit-remaining": "5",
        "x-ratelimit-reset": str(int(NOW.timestamp()) + 60),
    }
    allowance.note(HttpReply(status=202, headers=headers))
    assert not begins_within(allowance, 0.2)
