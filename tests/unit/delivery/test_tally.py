"""Failures are counted by what was the matter, and named without naming anybody."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lovecampaign.core.message import FaultKind
from lovecampaign.delivery.base.tally import FailureReason, Tally, count_failures, failure_problems
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.tables import DeliveryState
from tests.support.render_kit import Workbench


def failed(number: int, fault: FaultKind, detail: str) -> Settlement:
    return Settlement(
        delivery_id=number,
        subscriber_id=number,
        state=DeliveryState.FAILED,
        reason=fault.value,
        detail=detail,
    )


def test_answers_of_servers_are_counted_by_kind_and_letters_that_break_by_what_is_wrong() -> None:
    settlements = [
        *(failed(n, FaultKind.RECIPIENT, f"550 <r{n}@x.example>: unknown") for n in range(3)),
        failed(8, FaultKind.MESSAGE, "days/01.md:6: too large for ana@reader.example"),
        Settlement(delivery_id=9, subscriber_id=9, state=DeliveryState.SENT),
    ]
    assert count_failures("day-01", settlements) == {
        FailureReason(key="day-01", why="the address does not exist"): 3,
        FailureReason(key="day-01", why="days/01.md:6: too large for (address)"): 1,
    }


def test_tallies_add_their_failures_up() -> None:
    one = Tally(failed=1, failures=Counter({FailureReason(key="day-01", why="x"): 1}))
    assert (one + one).failures == {FailureReason(key="day-01", why="x"): 2}
    assert (one + Tally(sent=1)).failures.total() == 1


def test_many_kinds_of_failures_are_summed_up(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    failures = Counter({FailureReason(key="day-01", why=f"reason {n}"): 20 - n for n in range(12)})
    *_, last = problems = list(failure_problems(bench.campaign(), failures))
    assert len(problems) == 9
    assert last.message == f"{12 + 11 + 10 + 9} more failed, for other reasons"
