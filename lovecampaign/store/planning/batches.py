"""Insert the rows of one due instant, in batches, over windows of subscriber ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.zones import TZ_DATABASE
from lovecampaign.store.database.engine import Database, prefer_index_walk
from lovecampaign.store.planning.planning_task import PlanningTask
from lovecampaign.store.tables import PLANNED, BigKey, batch, delivery, subscriber

BATCH_SIZE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSizes:
    """The sizes of planning's batches and windows."""

    #: Rows of one batch; each is a transaction of its own.
    batch: int = BATCH_SIZE
    #: Subscribers are scanned in windows of this size: without table statistics SQLite may sort
    #: all remaining subscribers for each batch.
    window: int = 2 * BATCH_SIZE


def plan_instant(
    database: Database,
    task: PlanningTask,
    due: datetime,
    zones: Sequence[str],
    sizes: BatchSizes,
) -> int:
    """Insert the rows of all subscribers in these zones who are due then; returns how many."""
    planned, after = 0, 0
    while True:
        with database.write() as connection:
            task.lock(connection)
            task.load_slots(connection)
            writer = _BatchWriter(
                connection=connection, task=task, due=due, zones=zones, sizes=sizes
            )
            inserted = writer.insert_batch(after)
        planned += inserted.size
        if inserted.size < sizes.batch:
            return planned
        after = inserted.last_subscriber_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _InsertedBatch:
    size: int
    last_subscriber_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _BatchWriter:
    """Fills one batch, in one transaction."""

    connection: Connection
    task: PlanningTask
    due: datetime
    zones: Sequence[str]
    sizes: BatchSizes

    def insert_batch(self, after: int) -> _InsertedBatch:
        """Insert rows for the next subscribers after an id, up to the batch size."""
        batch_id = insert_empty_batch(self.connection, self.task, self.due)
        prefer_index_walk(self.connection)
        size, last = 0, after
        while size < self.sizes.batch and (upto := self._end_of_window(last)):
            size += self._insert_rows(batch_id, last, upto, self.sizes.batch - size)
            last = upto
        if size == 0:
            self.connection.execute(sa.delete(batch).where(batch.c.id == batch_id))
        if size == self.sizes.batch:  # perhaps in the middle of a window
            last = self.connection.scalar(_LAST_SUBSCRIBER, {"my_batch": batch_id}) or last
        return _InsertedBatch(size=size, last_subscriber_id=last)

    def _end_of_window(self, after: int) -> int | None:
        """The last id of the next window; None after the last subscriber."""
        window = {"after": after, "window": self.sizes.window}
        upto: int | None = self.connection.scalar(_WINDOW, window)
        return upto

    def _insert_rows(self, batch_id: int, after: int, upto: int, size: int) -> int:
        window = {"after": after, "upto": upto, "size": size}
        parameters = {"my_batch": batch_id, "my_due": self.due, "zones": self.zones}
        parameters |= {**self.task.parameters, **window}
        inserted = self.connection.execute(self.task.statements.insert_planned, parameters)
        return inserted.rowcount


def insert_empty_batch(connection: Connection, task: PlanningTask, due: datetime) -> int:
    """A new batch of the email; returns its id."""
    batch_id: int = connection.execute(
        sa.insert(batch)
        .values(
            email_id=task.id,
            due=due,
            epoch=0,
            created_at=task.now,
            tz_version=TZ_DATABASE.version,
        )
        .returning(batch.c.id)
    ).scalar_one()
    return batch_id


_next_ids = (
    sa.select(subscriber.c.id)
    .where(subscriber.c.id > sa.bindparam("after", type_=BigKey))
    .order_by(subscriber.c.id)
    .limit(sa.bindparam("window", type_=sa.Integer))
)
_WINDOW = sa.select(sa.func.max(_next_ids.subquery().c.id))
#: Rows are inserted in the order of subscriber ids.
_LAST_SUBSCRIBER = (
    sa.select(delivery.c.subscriber_id)
    .where(delivery.c.batch_id == sa.bindparam("my_batch"), delivery.c.state == PLANNED)
    .order_by(delivery.c.id.desc())
    .limit(1)
)
