"""No more requests are under way than SendGrid takes; without a word of its, all there are."""

from __future__ import annotations

import select
import time
from datetime import UTC, datetime

from lovecampaign.core.clock import FixedClock
from lovecampaign.providers.sendgrid.http1 import HttpResponse
from lovecampaign.providers.sendgrid.rate_limit import RequestLimiter

NOW = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)


def reply_of(left: int) -> HttpResponse:
    """A window that ends in a minute."""
    headers = {
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(int(NOW.timestamp()) + 60),
    }
    return HttpResponse(status=202, headers=headers)


def limiter_with(left: int) -> RequestLimiter:
    limiter = RequestLimiter(FixedClock(NOW))
    limiter.note(reply_of(left))
    return limiter


def begins(limiter: RequestLimiter) -> bool:
    """Whether a request begins without a timer."""
    room = limiter.acquire()
    timer = next(room, None)
    room.close()
    return timer is None


def test_without_a_word_of_theirs_everything_goes_at_once() -> None:
    limiter = RequestLimiter(FixedClock(NOW))
    assert all(begins(limiter) for _ in range(100))


def test_no_more_begin_than_are_left_until_one_ends() -> None:
    limiter = limiter_with(2)
    assert [begins(limiter) for _ in range(3)] == [True, True, False]
    limiter.release()
    assert [begins(limiter) for _ in range(2)] == [True, False]


def test_who_waits_goes_on_when_one_ends() -> None:
    limiter = limiter_with(1)
    assert begins(limiter)
    room = limiter.acquire()
    timer = next(room)
    assert not timer.is_ready
    limiter.release()
    assert next(room, None) is None
    assert not begins(limiter)


def test_a_pause_is_over_at_its_deadline_and_nothing_comes_before() -> None:
    room = limiter_with(0).acquire()
    timer = next(room)
    poll = select.poll()
    poll.register(timer, select.POLLIN)
    assert poll.poll(max(0.0, timer.deadline - time.monotonic()) * 1000) == []
    time.sleep(0.005)
    assert timer.is_ready
    room.close()


def test_an_answer_of_the_same_window_takes_back_nothing() -> None:
    """Answers overtake each other: the least that was said to be left holds."""
    limiter = limiter_with(0)
    limiter.note(reply_of(5))
    assert not begins(limiter)
