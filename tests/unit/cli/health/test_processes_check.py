"""``doctor`` says how many sending processes help."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lovecampaign.cli.health.health_finding import HealthState
from lovecampaign.cli.health.processes_check import check_processes
from lovecampaign.testing.months import build_month


@pytest.mark.parametrize(
    ("pace", "connections", "processors", "told"),
    [
        (50.0, 10, 8, "one sending process is enough: max_per_second (50) is the limit"),
        (None, 10, 1, "one sending process is enough: this machine has one processor"),
        (None, 1, 8, "one sending process is enough: there is one connection"),
        (None, 4, 8, "8 processors: where one process keeps its processor busy, --processes 4"),
        (None, None, 2, "--processes 2"),
        (20_000.0, 10, 8, "--processes 8"),
    ],
)
def test_more_processes_are_advised_where_the_processor_is_the_limit(
    pace: float | None, connections: int | None, processors: int, told: str
) -> None:
    month = build_month()
    campaign = replace(month, sending=replace(month.sending, max_per_second=pace))
    finding = check_processes([campaign], connections, processors)
    assert finding.state is HealthState.GOOD
    assert told in finding.message


def test_a_workspace_without_campaigns_has_an_answer_too() -> None:
    assert "--processes 2" in check_processes([], None, 2).message
