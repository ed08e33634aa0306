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


def allowance_of(left: int) -> RequestLimiter:
    allowance = RequestLimiter(FixedClock(NOW))
    allowance.note(reply_of(left))
    return allowance


def begins(allowance: RequestLimiter) -> bool:
    """Whether a request begins without a pause."""
    room = allowance.room()
    pause = next(room, None)
    room.close()
    return pause is None


def test_without_a_word_of_theirs_everything_goes_at_once() -> None:
    allowance = RequestLimiter(FixedClock(NOW))
    assert all(begins(allowance) for _ in range(100))


def test_no_more_begin_than_are_left_until_one_ends() -> None:
    allowance = allowance_of(2)
    assert [begins(allowance) for _ in range(3)] == [True, True, False]
    allowance.end()
    assert [begins(allowance) for _ in range(2)] == [True, False]


def test_who_waits_goes_on_when_one_ends() -> None:
    allowance = allowance_of(1)
    assert begins(allowance)
    room = allowance.room()
    pause = next(room)
    assert not pause.is_there
    allowance.end()
    assert next(room, None) is None
    assert not begins(allowance)


def test_a_pause_is_over_at_its_deadline_and_nothing_comes_before() -> None:
    room = allowance_of(0).room()
    pause = next(room)
    poll = select.poll()
    poll.register(pause, select.POLLIN)
    assert poll.poll(max(0.0, pause.deadline - time.monotonic()) * 1000) == []
    time.sleep(0.005)
    assert pause.is_there
    room.close()


def test_an_answer_of_the_same_window_takes_back_nothing() -> None:
    """Answers overtake each other: the least that was said to be left holds."""
    allowance = allowance_of(0)
    allowance.note(reply_of(5))
    assert not begins(allowance)
