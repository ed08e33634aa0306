"""Threads are begun while they help: a server that lets us wait, not one that keeps up."""

from __future__ import annotations

import time

from lovecampaign.providers.demand import FEWEST, LOOK_SECONDS, Demand


def test_where_the_server_lets_us_wait_all_are_at_work_after_four_looks() -> None:
    demand = Demand(10)
    found = [demand.begin()]
    for _ in range(5):
        time.sleep(LOOK_SECONDS * 3)
        found.append(demand.more())
    assert found == [1, 1, 2, 4, 2, 0]


def test_who_keeps_the_processor_busy_gets_no_more() -> None:
    demand = Demand(10)
    demand.begin()
    until = time.process_time() + LOOK_SECONDS * 4
    while time.process_time() < until:
        pass
    # Somebody else may have had the processor: then another look is taken at the next stretch.
    assert demand.more() in {0, FEWEST}
    assert demand.more() == 0, "no look is taken before its time"


def test_the_next_stream_begins_with_half_of_what_this_one_needed() -> None:
    demand = Demand(20)
    demand.begin()
    assert demand.grow(15) == 15
    assert demand.begin() == 8
    assert demand.grow(30) == 12, "there are no more than 20"


def test_there_may_be_fewer_than_one_begins_with() -> None:
    assert Demand(1).begin() == 1
    assert Demand(8, fewest=8).begin() == 8
