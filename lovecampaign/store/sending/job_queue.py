"""The queue of batches: Procrastinate's tables beside the ledger.

The ledger is the truth. A batch without a job is queued again by the next tick, so that losing
every row of the queue loses nothing; a job whose batch has nothing to claim ends at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.due import list_due_batches
from lovecampaign.store.tables import PLANNED, batch, campaign, delivery, email

#: Rescue and tick have a queue of their own: they starve while all slots send.
SEND_QUEUE = "lovecampaign-send"
CONTROL_QUEUE = "lovecampaign-control"
DELIVER = "lovecampaign.deliver"
#: Fetching a job slows down with the number of future ones (a million: 232 ms).
QUEUED_AHEAD = timedelta(minutes=2)
#: Advisory lock: one process at a time looks for batches without a job.
_QUEUE_LOCK = 0x6C6F7671
_LIVE_JOBS = sa.text(
    "SELECT queueing_lock FROM procrastinate_jobs"
    " WHERE queue_name = :queue AND status IN ('todo', 'doing')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBatch:
    """A batch that a job has taken, under a new epoch."""

    id: int
    epoch: int
    email_key: str
    campaign_key: str
    tz_version: str | None


def queue_due_batches(
    database: Database,
    found: Campaign,
    record: CampaignRecord,
    keys: Collection[str],
    now: datetime,
    ahead: timedelta = QUEUED_AHEAD,
) -> int:
    """Queue each unfinished batch of these emails that has no live job; returns how many.

    Batches due within ``ahead`` wait in the queue for their moment.
    """
    with database.read() as connection:
        due: list[tuple[int, datetime | None]] = [
            (each.id, None) for each in list_due_batches(connection, found, record, keys, now)
        ]
        due += _list_next_batches(connection, record, keys, now, now + ahead)
    return queue_batches(database, due)


def queue_batches(database: Database, batches: Sequence[tuple[int, datetime | None]]) -> int:
    """Queue those that have no live job, for a moment or at once; returns how many.

    Idempotent, also when several processes do it at the same time.
    """
    if not batches:
        return 0
    with database.write() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_QUEUE_LOCK)))
        live = set(connection.scalars(_LIVE_JOBS, {"queue": SEND_QUEUE}))
        missing = [(id_, at) for id_, at in batches if _queueing_lock(id_) not in live]
        _defer(connection, missing)
    return len(missing)


def find_batch(connection: Connection, batch_id: int) -> TakenBatch | None:
    """A batch as it is; None where it was deleted."""
    row = connection.execute(
        sa.select(
            batch.c.id,
            batch.c.epoch,
            batch.c.tz_version,
            email.c.key.label("email_key"),
            campaign.c.key.label("campaign_key"),
        )
        .join(email, email.c.id == batch.c.email_id)
        .join(campaign, campaign.c.id == email.c.campaign_id)
        .where(batch.c.id == batch_id)
    ).one_or_none()
    return TakenBatch(**row._asdict()) if row is not None else None


def count_planned(connection: Connection, batch_id: int) -> int:
    """How many rows of a batch are planned; less than before is progress."""
    rows = sa.select(sa.func.count()).select_from(delivery)
    return (
        connection.scalar(rows.where(delivery.c.batch_id == batch_id, delivery.c.state == PLANNED))
        or 0
    )


def _list_next_batches(
    connection: Connection,
    record: CampaignRecord,
    keys: Collection[str],
    after: datetime,
    until: datetime,
) -> Sequence[tuple[int, datetime]]:
    rows = connection.execute(
        sa.select(batch.c.id, batch.c.due)
        .join(email, email.c.id == batch.c.email_id)
        .where(
            email.c.campaign_id == record.id,
            email.c.key.in_(sorted(keys)),
            batch.c.due > after,
            batch.c.due <= until,
        )
        .order_by(batch.c.due, batch.c.id)
    )
    return [(row.id, row.due) for row in rows]


def _defer(connection: Connection, batches: Sequence[tuple[int, datetime | None]]) -> None:
    """Insert jobs in the caller's transaction."""
    if not batches:
        return
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager
    from procrastinate.sync_psycopg_connector import SyncPsycopgConnector

    jobs = [
        Job(
            queue=SEND_QUEUE,
            task_name=DELIVER,
            lock=None,
            queueing_lock=_queueing_lock(id_),
            task_kwargs={"batch_id": id_, "planned": count_planned(connection, id_)},
            scheduled_at=at,
        )
        for id_, at in batches
    ]
    driver = connection.connection.driver_connection
    JobManager(SyncPsycopgConnector()).batch_defer_jobs(jobs, connection=driver)


def _queueing_lock(batch_id: int) -> str:
    return f"lovecampaign-batch-{batch_id}"
