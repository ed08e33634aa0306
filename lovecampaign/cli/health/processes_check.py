"""Health check of ``doctor``: how many sending processes help here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.health.health_finding import HealthFinding, good

#: Messages a second of one process, as a rule; a pace below it is the limit, not the processor.
ONE_PROCESS_PER_SECOND = 3_000


def check_processes(
    campaigns: Sequence[Campaign], connections: int | None, processors: int | None = None
) -> HealthFinding:
    """``connections``: of the provider, which the processes share; None: it has no such limit."""
    paces = [campaign.sending.max_per_second for campaign in campaigns]
    limits = [pace for pace in paces if pace is not None]
    if limits and len(limits) == len(paces) and max(limits) <= ONE_PROCESS_PER_SECOND:
        return _one(f"max_per_second ({max(limits):g}) is the limit, not the processor")
    count = processors or _count_processors()
    if count == 1:
        return _one("this machine has one processor")
    most = count if connections is None else min(count, connections)
    if most == 1:
        return _one("there is one connection to the server, and processes share the connections")
    return good(
        "processes",
        f"{count} processors: where one process keeps its processor busy, --processes {most} "
        "of send and run is faster",
    )


def _one(why: str) -> HealthFinding:
    return good("processes", f"one sending process is enough: {why}")


def _count_processors() -> int:
    """Those that this process may use: a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
