"""Rate limits of forms."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.web.serve.http.rate_limit import (
    FormRateLimits,
    Rate,
    RateLimiter,
    read_rate_limits,
)

SETTINGS = Settings(workspace=Path("/nowhere"))
ONE = ip_address("203.0.113.1")
NEIGHBOUR = ip_address("203.0.113.2")
STRANGER = ip_address("198.51.100.1")


class HandClock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def limits(clock: HandClock) -> RateLimiter:
    allowance = FormRateLimits(address=Rate(count=2, seconds=60), network=Rate(count=3, seconds=60))
    return RateLimiter(allowance, clock)


def test_what_one_address_has_used_up_comes_back_with_time(
    limits: RateLimiter, clock: HandClock
) -> None:
    assert [limits.allow("join", ONE) for _ in range(3)] == [True, True, False]
    clock.now += 29
    assert not limits.allow("join", ONE)
    clock.now += 31
    assert limits.allow("join", ONE)


def test_waiting_long_saves_nothing_up(limits: RateLimiter, clock: HandClock) -> None:
    clock.now += 1_000_000
    assert [limits.allow("join", ONE) for _ in range(3)] == [True, True, False]


def test_a_network_has_a_limit_of_its_own(limits: RateLimiter) -> None:
    assert [limits.allow("join", ONE) for _ in range(2)] == [True, True]
    assert [limits.allow("join", NEIGHBOUR) for _ in range(2)] == [True, False]
    assert limits.allow("join", STRANGER)


def test_in_ipv6_a_network_is_what_one_customer_gets(limits: RateLimiter) -> None:
    inside = [limits.allow("join", ip_address(f"2001:db8:1:{n}::1")) for n in range(4)]

    assert inside == [True, True, True, False]
    assert limits.allow("join", ip_address("2001:db8:2::1"))


def test_each_purpose_is_counted_by_itself(limits: RateLimiter) -> None:
    assert [limits.allow("join", ONE) for _ in range(3)] == [True, True, False]
    assert limits.allow("forget", ONE)


def test_memory_is_bounded_and_the_busy_are_remembered(clock: HandClock) -> None:
    rate = Rate(count=1, seconds=60)
    limits = RateLimiter(FormRateLimits(address=rate, network=rate), clock, max_buckets=100)
    limits.take("join", "busy", rate)
    for number in range(1000):
        limits.take("join", str(number), rate)
        assert not limits.take("join", "busy", rate)

    assert not limits.take("join", "901", rate)  # 99 others, and the busy one
    assert limits.take("join", "900", rate)


def test_limits_are_read_from_the_environment() -> None:
    read = read_rate_limits(replace(SETTINGS, form_limit="5/1h", form_limit_network="50/2d"))

    assert read.address == Rate(count=5, seconds=3600)
    assert read.network == Rate(count=50, seconds=172800)
    assert read_rate_limits(SETTINGS).address == Rate(count=20, seconds=600)


@pytest.mark.parametrize("text", ["", "20", "0/1m", "20/0m", "20/10", "-1/1m", "20/10w", "٢/1m"])
def test_what_is_no_limit_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="LOVECAMPAIGN_FORM_LIMIT_NETWORK is"):
        read_rate_limits(replace(SETTINGS, form_limit_network=text))
