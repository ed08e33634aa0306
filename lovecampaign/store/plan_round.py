"""How does one email's planning go through its people, instant by instant, batch by batch?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.schedule.slots import Slot
from lovecampaign.schedule.zone_clock import ZoneClocks
from lovecampaign.store import tables
from lovecampaign.store.built import Built
from lovecampaign.store.calendars import SlotsByZone
from lovecampaign.store.campaigns import CampaignRecord
from lovecampaign.store.database import Database
from lovecampaign.store.fate import Fate, lay_out_slots
from lovecampaign.store.looks import Looks
from lovecampaign.store.plan_statements import FINAL_REASONS, PlanStatements
from lovecampaign.store.retiming import drop_moved
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import PLANNED, BigKey, batch, delivery, subscriber
from lovecampaign.store.walking import walk_by_index

#: Rows are made this long before they are due, so that the first seconds go into sending.
HORIZON = timedelta(minutes=2)
BATCH_SIZE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What one round of planning added to the ledger."""

    planned: int = 0
    skipped: int = 0

    def __add__(self, other: Planned) -> Planned:
        return Planned(planned=self.planned + other.planned, skipped=self.skipped + other.skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRound:
    """Planning one email once."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    slots: SlotsByZone
    clocks: ZoneClocks
    now: datetime

    def drop_moved(self, database: Database) -> None:
        """Let rows go whose time was edited since, so that they are planned anew."""
        question = (self.campaign, self.slots)
        _moved.take(
            database, self._email_id, question, self.now, lambda: self._drop_moved(database)
        )

    def _drop_moved(self, database: Database) -> int:
        with database.write() as connection:
            self._lock(connection)
            self._lay_out(connection)
            return drop_moved(connection, self._fate, self._email_id)

    def plan(self, database: Database) -> Planned:
        """Insert who is due, and who is skipped for good."""
        zones_by_due = self._zones_by_due()
        if not zones_by_due:
            return Planned()
        question = (self.campaign, self.slots, tuple(zones_by_due), self._fate.is_cancelled)
        dues = _due.take(
            database,
            self._email_id,
            question,
            self.now,
            lambda: self._find_dues(database, set(zones_by_due)),
        )
        planned = sum(self._plan_instant(database, due, zones_by_due[due]) for due in dues or ())
        skipped = self._skip(database) if self._has_skips(database) else 0
        if skipped or planned or self._is_last_round():
            with database.write() as connection:
                self._mark_planned(connection)
        return Planned(planned=planned, skipped=skipped)

    def _zones_by_due(self) -> Mapping[datetime, list[str]]:
        """The zones of each due instant up to the horizon, earliest first."""
        zones: dict[datetime, set[str]] = {}
        for zone, by_key in self.slots.items():
            for each in by_key[self.email.key]:
                if each.due <= self._horizon:
                    zones.setdefault(each.due, set()).add(zone)
        return {due: sorted(zones[due]) for due in sorted(zones)}

    def _find_dues(self, database: Database, dues: set[datetime]) -> Sequence[datetime]:
        """The instants with people to plan, earliest first: most rounds find none."""
        found: list[datetime] = []
        with database.read() as connection:
            self._lay_out(connection)
            while open_dues := dues.difference(found):
                asked = {**self._parameters, "dues": sorted(open_dues)}
                due = connection.scalar(self._statements.find_due, asked)
                if due is None:
                    break
                found.append(due)
        return sorted(found)

    def _has_skips(self, database: Database) -> bool:
        """Whether anybody is skipped for good: asked once the others have rows."""
        if not self._may_skip:
            return False
        with database.read() as connection:
            self._lay_out(connection)
            found = connection.execute(self._statements.find_skipped, self._parameters)
            return found.first() is not None

    @property
    def _may_skip(self) -> bool:
        """Whether a reason for good can hold for anybody; else nobody needs to be asked."""
        is_open_to_all = not self._fate.is_cancelled and self.campaign.deal_of(self.email) is None
        return not is_open_to_all or any(
            each.reason in FINAL_REASONS or (each.expires is not None and each.expires <= self.now)
            for each in self._all_slots()
        )

    def _skip(self, database: Database) -> int:
        with database.write() as connection:
            self._lock(connection)
            self._lay_out(connection)
            inserted = connection.execute(self._statements.insert_skipped, self._parameters)
            return inserted.rowcount

    def _plan_instant(self, database: Database, due: datetime, zones: Sequence[str]) -> int:
        """Everybody with one due instant, batch by batch; each is a transaction of its own."""
        planned, after = 0, 0
        while True:
            with database.write() as connection:
                self._lock(connection)
                self._lay_out(connection)
                inserted = self._insert_batch(connection, due, zones, after)
            planned += inserted.size
            if inserted.size < BATCH_SIZE:
                return planned
            after = inserted.last_subscriber_id

    def _insert_batch(
        self, connection: Connection, due: datetime, zones: Sequence[str], after: int
    ) -> _Batch:
        batch_id = self._insert_empty_batch(connection, due)
        walk_by_index(connection)
        which = {**self._parameters, "my_batch": batch_id, "my_due": due, "zones": zones}
        size, last = 0, after
        while size < BATCH_SIZE and (upto := connection.scalar(_WINDOW, {"after": last})):
            window = {"after": last, "upto": upto, "size": BATCH_SIZE - size}
            size += connection.execute(
                self._statements.insert_planned, {**which, **window}
            ).rowcount
            last = upto
        if size == 0:
            connection.execute(sa.delete(batch).where(batch.c.id == batch_id))
            return _Batch(size=0, last_subscriber_id=after)
        if size == BATCH_SIZE:  # perhaps in the middle of a window
            last = connection.scalar(_LAST_SUBSCRIBER, {"my_batch": batch_id}) or last
        return _Batch(size=size, last_subscriber_id=last)

    def _insert_empty_batch(self, connection: Connection, due: datetime) -> int:
        batch_id: int = connection.execute(
            sa.insert(batch)
            .values(email_id=self._email_id, due=due, epoch=0, created_at=self.now)
            .returning(batch.c.id)
        ).scalar_one()
        return batch_id

    def _lay_out(self, connection: Connection) -> None:
        """Give SQL the email's slots up to the horizon: a few of a month's many."""
        key, horizon = self.email.key, self._horizon
        due = {
            zone: {key: tuple(each for each in by_key[key] if each.due <= horizon)}
            for zone, by_key in self.slots.items()
        }
        lay_out_slots(connection, due, [self.email], self.clocks)

    def _lock(self, connection: Connection) -> None:
        """Let one process plan an email at a time, so that nobody inserts a row twice."""
        email = tables.email
        connection.execute(
            sa.select(email.c.id).where(email.c.id == self._email_id).with_for_update()
        )

    def _mark_planned(self, connection: Connection) -> None:
        connection.execute(
            sa.update(tables.email)
            .where(tables.email.c.id == self._email_id)
            .values(planned_at=self.now)
        )

    def _is_last_round(self) -> bool:
        """Whether the email is late for all by now, so that planning it is over."""
        return all(
            each.expires is not None and each.expires <= self.now for each in self._all_slots()
        )

    def _all_slots(self) -> Iterator[Slot]:
        return (each for by_key in self.slots.values() for each in by_key[self.email.key])

    @property
    def _statements(self) -> PlanStatements:
        return _built.of(self._fate)

    @property
    def _parameters(self) -> dict[str, object]:
        return {"my_email": self._email_id, "now": self.now, "horizon": self._horizon}

    @property
    def _fate(self) -> Fate:
        standing = Standing(campaign=self.campaign, email=self.email, campaign_id=self.record.id)
        return Fate(standing=standing, is_cancelled=self.email.key in self.record.cancelled)

    @property
    def _email_id(self) -> int:
        return self.record.email_ids[self.email.key]

    @property
    def _horizon(self) -> datetime:
        return self.now + HORIZON


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    size: int
    last_subscriber_id: int


_built = Built(PlanStatements)
_due, _moved = Looks(), Looks()
_people = sa.select(subscriber.c.id).where(subscriber.c.id > sa.bindparam("after", type_=BigKey))
#: People are gone through by so many ids at a time: SQLite too may choose to sort all who come
#: after, where it knows no numbers of its tables, and did so again for each batch.
_WINDOW = sa.select(
    sa.func.max(_people.order_by(subscriber.c.id).limit(2 * BATCH_SIZE).subquery().c.id)
)
#: Rows are made in the order of their subscribers, so that the last row tells.
_LAST_SUBSCRIBER = (
    sa.select(delivery.c.subscriber_id)
    .where(delivery.c.batch_id == sa.bindparam("my_batch"), delivery.c.state == PLANNED)
    .order_by(delivery.c.id.desc())
    .limit(1)
)
