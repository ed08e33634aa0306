"""What has fallen due, and becomes a row of the ledger?

The future is computed, not stored: rows are made when their moment comes, by set-based
``INSERT … SELECT`` over people and slots. Planning again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store import tables
from lovecampaign.store.campaigns import CampaignRecord
from lovecampaign.store.database import Database
from lovecampaign.store.fate import Fate, SlotsByZone, lay_out_slots, work_out_slots
from lovecampaign.store.retiming import drop_moved, find_untried
from lovecampaign.store.slot_table import slot
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import DeliveryState, batch, delivery, subscriber

#: Rows are made this long before they are due, so that the first seconds go into sending.
HORIZON = timedelta(minutes=2)
BATCH_SIZE = 10_000
#: Reasons that will still hold tomorrow: such a skip becomes a row. The others are worked out
#: anew, so that a tag, a pause or a confirmation counts until the moment has passed.
FINAL_REASONS = (
    SkipReason.LATE,
    SkipReason.DAY_TAKEN,
    SkipReason.IN_DIGEST,
    SkipReason.CANCELLED,
    SkipReason.DEAL_CLOSED,
)
_COLUMNS = (
    "campaign_id",
    "email_id",
    "subscriber_id",
    "batch_id",
    "state",
    "reason",
    "due",
    "expires_at",
    "next_try_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What one round of planning added to the ledger."""

    planned: int = 0
    skipped: int = 0

    def __add__(self, other: Planned) -> Planned:
        return Planned(planned=self.planned + other.planned, skipped=self.skipped + other.skipped)


def plan_due(
    database: Database,
    campaign: Campaign,
    record: CampaignRecord,
    emails: Sequence[Email],
    now: datetime,
) -> Planned:
    """Make the rows of everything that is due at ``now`` or within the horizon."""
    with database.read() as connection:
        slots = work_out_slots(connection, campaign, record)
        open_emails = [email for email in emails if not _is_over(connection, record, email, slots)]
        untried = find_untried(connection, record.email_ids)
    total = Planned()
    for email in open_emails:
        round_ = _Round(campaign=campaign, record=record, email=email, slots=slots, now=now)
        if email.key in untried:
            round_.drop_moved(database)
        total += round_.plan(database)
    return total


def _is_over(
    connection: Connection, record: CampaignRecord, email: Email, slots: SlotsByZone
) -> bool:
    """Whether planning went through everybody after the email was late for all."""
    expiries = [each.expires for by_key in slots.values() for each in by_key[email.key]]
    if any(expires is None for expires in expiries):
        return False
    planned_at = connection.scalar(
        sa.select(tables.email.c.planned_at).where(tables.email.c.id == record.email_ids[email.key])
    )
    return planned_at is not None and all(
        planned_at >= expires for expires in expiries if expires is not None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """Planning one email once."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    slots: SlotsByZone
    now: datetime

    def drop_moved(self, database: Database) -> None:
        """Let rows go whose time was edited since, so that they are planned anew."""
        with database.write() as connection:
            self._lock(connection)
            self._lay_out(connection)
            drop_moved(connection, self._fate, self._email_id)

    def plan(self, database: Database) -> Planned:
        zones_by_due = self._zones_by_due()
        if not zones_by_due:
            return Planned()
        with database.read() as connection:
            found = self._look(connection)
        skipped = self._skip(database) if found.has_skips else 0
        planned = sum(self._plan_instant(database, due, zones_by_due[due]) for due in found.dues)
        if skipped or planned or self._is_last_round():
            with database.write() as connection:
                self._mark_planned(connection)
        return Planned(planned=planned, skipped=skipped)

    def _look(self, connection: Connection) -> _Found:
        """What there is to insert: most rounds find nothing, and need not write."""
        self._lay_out(connection)
        is_kept = self._fate.reason.is_(None)
        rows = connection.execute(
            self._people_without_row(slot.c.due, is_kept.label("is_kept"))
            .where(sa.or_(is_kept, self._is_skipped_for_good))
            .distinct()
            .order_by(slot.c.due)
        ).all()
        return _Found(
            dues=tuple(row.due for row in rows if row.is_kept),
            has_skips=any(not row.is_kept for row in rows),
        )

    def _lay_out(self, connection: Connection) -> None:
        """Give SQL the email's slots up to the horizon: a few of a month's many."""
        key, horizon = self.email.key, self.now + HORIZON
        due = {
            zone: {key: tuple(each for each in by_key[key] if each.due <= horizon)}
            for zone, by_key in self.slots.items()
        }
        lay_out_slots(connection, due, [self.email])

    def _skip(self, database: Database) -> int:
        with database.write() as connection:
            self._lay_out(connection)
            return self._insert_skipped(connection)

    def _is_last_round(self) -> bool:
        """Whether the email is late for all by now, so that planning it is over."""
        expiries = [
            each.expires for by_key in self.slots.values() for each in by_key[self.email.key]
        ]
        return all(expires is not None and expires <= self.now for expires in expiries)

    def _zones_by_due(self) -> Mapping[datetime, list[str]]:
        """The zones of each due instant up to the horizon, earliest first."""
        zones: dict[datetime, set[str]] = {}
        for zone, by_key in self.slots.items():
            for each in by_key[self.email.key]:
                if each.due <= self.now + HORIZON:
                    zones.setdefault(each.due, set()).add(zone)
        return {due: sorted(zones[due]) for due in sorted(zones)}

    def _plan_instant(self, database: Database, due: datetime, zones: Sequence[str]) -> int:
        """Everybody with one due instant, batch by batch; each is a transaction of its own."""
        planned, after = 0, 0
        while True:
            with database.write() as connection:
                self._lay_out(connection)
                inserted = self._insert_batch(connection, due, zones, after)
            planned += inserted.size
            if inserted.size < BATCH_SIZE:
                return planned
            after = inserted.last_subscriber_id

    def _insert_batch(
        self, connection: Connection, due: datetime, zones: Sequence[str], after: int
    ) -> _Batch:
        self._lock(connection)
        batch_id = connection.execute(
            sa.insert(batch)
            .values(email_id=self._email_id, due=due, epoch=0, created_at=self.now)
            .returning(batch.c.id)
        ).scalar_one()
        people = (
            self._select(DeliveryState.PLANNED.value, batch_id)
            .where(
                slot.c.due == due,
                subscriber.c.timezone.in_(zones),
                subscriber.c.id > after,
                self._fate.reason.is_(None),
            )
            .order_by(subscriber.c.id)
            .limit(BATCH_SIZE)
        )
        size = _insert_rows(connection, people)
        if size == 0:
            connection.execute(sa.delete(batch).where(batch.c.id == batch_id))
            return _Batch(size=0, last_subscriber_id=after)
        last = connection.scalar(
            sa.select(sa.func.max(delivery.c.subscriber_id)).where(delivery.c.batch_id == batch_id)
        )
        return _Batch(size=size, last_subscriber_id=last or after)

    def _insert_skipped(self, connection: Connection) -> int:
        self._lock(connection)
        reason = self._fate.reason
        state = sa.case(
            (reason == SkipReason.CANCELLED.value, DeliveryState.CANCELLED.value),
            else_=DeliveryState.SKIPPED.value,
        )
        people = self._select(state, None).where(self._is_skipped_for_good)
        return _insert_rows(connection, people)

    def _select(self, state: str | sa.ColumnElement[str], batch_id: int | None) -> sa.Select[Any]:
        """A delivery's columns for everybody addressed who has no row yet, due by the horizon."""
        fate = self._fate
        return self._people_without_row(
            sa.literal(self.record.id),
            sa.literal(self._email_id),
            subscriber.c.id,
            sa.literal(batch_id, tables.BigKey),
            sa.literal(state) if isinstance(state, str) else state,
            fate.reason,
            fate.due,
            slot.c.expires_at,
            fate.due,
        )

    def _people_without_row(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        fate = self._fate
        has_row = sa.exists().where(
            delivery.c.email_id == self._email_id, delivery.c.subscriber_id == subscriber.c.id
        )
        return (
            sa.select(*columns)
            .select_from(fate.rows)
            .where(fate.standing.is_addressed, fate.due <= self.now + HORIZON, sa.not_(has_row))
        )

    @property
    def _is_skipped_for_good(self) -> sa.ColumnElement[bool]:
        return sa.and_(
            self._fate.due <= self.now,
            self._fate.reason.in_([each.value for each in FINAL_REASONS]),
        )

    @property
    def _fate(self) -> Fate:
        standing = Standing(
            campaign=self.campaign, email=self.email, campaign_id=self.record.id, now=self.now
        )
        return Fate(standing=standing, is_cancelled=self.email.key in self.record.cancelled)

    @property
    def _email_id(self) -> int:
        return self.record.email_ids[self.email.key]

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


def _insert_rows(connection: Connection, people: sa.Select[Any]) -> int:
    statement = sa.insert(delivery).from_select(_COLUMNS, people)
    # SQLAlchemy forgets how many rows an INSERT made unless it is asked to remember.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a look found to insert."""

    #: Due instants with people to plan, earliest first.
    dues: tuple[datetime, ...]
    has_skips: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    size: int
    last_subscriber_id: int
