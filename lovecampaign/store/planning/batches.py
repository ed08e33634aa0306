"""How do all people with one due instant get their rows, window by window, batch by batch?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.engine import Database, prefer_index_walk
from lovecampaign.store.planning.email_query import EmailToPlan
from lovecampaign.store.tables import PLANNED, BigKey, batch, delivery, subscriber

BATCH_SIZE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Portions:
    """How many people planning takes at a time."""

    #: Rows of one batch; each is a transaction of its own.
    batch: int = BATCH_SIZE
    #: People are gone through by so many at a time: SQLite too may choose to sort all who come
    #: after, where it knows no numbers of its tables, and did so again for each batch.
    window: int = 2 * BATCH_SIZE


def plan_instant(
    database: Database,
    subject: EmailToPlan,
    due: datetime,
    zones: Sequence[str],
    portions: Portions,
) -> int:
    """Make the rows of everybody in these zones who is due then; tells how many."""
    planned, after = 0, 0
    while True:
        with database.write() as connection:
            subject.lock(connection)
            subject.lay_out(connection)
            filling = _Filling(
                connection=connection, subject=subject, due=due, zones=zones, portions=portions
            )
            inserted = filling.insert_batch(after)
        planned += inserted.size
        if inserted.size < portions.batch:
            return planned
        after = inserted.last_subscriber_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inserted:
    size: int
    last_subscriber_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filling:
    """The filling of one batch, in one transaction."""

    connection: Connection
    subject: EmailToPlan
    due: datetime
    zones: Sequence[str]
    portions: Portions

    def insert_batch(self, after: int) -> _Inserted:
        """The next people after an id, as many as a batch takes."""
        batch_id = self._insert_empty_batch()
        prefer_index_walk(self.connection)
        size, last = 0, after
        while size < self.portions.batch and (upto := self._end_of_window(last)):
            size += self._insert_rows(batch_id, last, upto, self.portions.batch - size)
            last = upto
        if size == 0:
            self.connection.execute(sa.delete(batch).where(batch.c.id == batch_id))
        if size == self.portions.batch:  # perhaps in the middle of a window
            last = self.connection.scalar(_LAST_SUBSCRIBER, {"my_batch": batch_id}) or last
        return _Inserted(size=size, last_subscriber_id=last)

    def _insert_empty_batch(self) -> int:
        batch_id: int = self.connection.execute(
            sa.insert(batch)
            .values(email_id=self.subject.id, due=self.due, epoch=0, created_at=self.subject.now)
            .returning(batch.c.id)
        ).scalar_one()
        return batch_id

    def _end_of_window(self, after: int) -> int | None:
        """The last id of the window behind that one; None: nobody comes after."""
        people = {"after": after, "people": self.portions.window}
        upto: int | None = self.connection.scalar(_WINDOW, people)
        return upto

    def _insert_rows(self, batch_id: int, after: int, upto: int, size: int) -> int:
        window = {"after": after, "upto": upto, "size": size}
        which = {"my_batch": batch_id, "my_due": self.due, "zones": self.zones}
        parameters = {**self.subject.parameters, **which, **window}
        inserted = self.connection.execute(self.subject.statements.insert_planned, parameters)
        return inserted.rowcount


_people = (
    sa.select(subscriber.c.id)
    .where(subscriber.c.id > sa.bindparam("after", type_=BigKey))
    .order_by(subscriber.c.id)
    .limit(sa.bindparam("people", type_=sa.Integer))
)
_WINDOW = sa.select(sa.func.max(_people.subquery().c.id))
#: Rows are made in the order of their subscribers, so that the last row tells.
_LAST_SUBSCRIBER = (
    sa.select(delivery.c.subscriber_id)
    .where(delivery.c.batch_id == sa.bindparam("my_batch"), delivery.c.state == PLANNED)
    .order_by(delivery.c.id.desc())
    .limit(1)
)
