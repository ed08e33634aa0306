"""Rescues the jobs of dead workers, and gives up batches that kill one worker after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import pause, read_campaign
from lovecampaign.store.sending.job_queue import (
    CONTROL_QUEUE,
    SEND_QUEUE,
    count_planned,
    find_batch,
)

if TYPE_CHECKING:
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

#: A batch is given up after so many attempts without progress.
MAX_ATTEMPTS = 5


async def rescue_stalled(
    manager: JobManager,
    database: Database,
    stalled_seconds: float,
    give_up: Callable[[int], None],
) -> int:
    """Put back the jobs of workers without a heartbeat; returns how many batches.

    A rescue counts as an attempt, unless the batch has made progress. Two may run at once.
    """
    rescued = 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds):
        if job.queue == SEND_QUEUE:
            await _rescue(manager, database, job, give_up)
            rescued += 1
        elif job.queue == CONTROL_QUEUE:  # the next one does its work
            await _delete(manager, job)
    return rescued


async def _rescue(
    manager: JobManager, database: Database, job: Job, give_up: Callable[[int], None]
) -> None:
    from procrastinate.exceptions import ConnectorException

    batch_id = int(str(job.task_kwargs["batch_id"]))
    with database.read() as connection:
        has_progress = count_planned(connection, batch_id) < int(str(job.task_kwargs["planned"]))
    if has_progress:
        await _delete(manager, job)  # the tick queues it as a new one
    elif job.attempts + 1 >= MAX_ATTEMPTS:
        await _delete(manager, job)
        give_up(batch_id)
    else:
        try:
            await manager.retry_job(job, retry_at=datetime.now(UTC))
        except ConnectorException:  # it has ended, or waits in the queue again
            return


async def _delete(manager: JobManager, job: Job) -> None:
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Status

    try:
        await manager.finish_job(job, Status.FAILED, delete_job=True)
    except ConnectorException:  # it has ended meanwhile
        return


def give_up(database: Database, batch_id: int, now: datetime) -> str | None:
    """Pause the campaign of a batch that no worker finishes; returns what to tell."""
    with database.write() as connection:
        batch = find_batch(connection, batch_id)
        record = read_campaign(connection, batch.campaign_key) if batch is not None else None
        if batch is None or record is None:
            return None
        reason = (
            f"{MAX_ATTEMPTS} workers in a row failed on batch {batch_id} of {batch.email_key} "
            "without sending any of it: read their output, then resume"
        )
        pause(connection, record.id, now, reason)
    return f"{batch.campaign_key} is paused: {reason}"
