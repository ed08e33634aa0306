"""Planning: insert ledger rows for everything that is due.

The future is computed, not stored: rows are inserted when they fall due, by set-based
``INSERT … SELECT`` over subscribers and slots. Planning is idempotent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.disposition import Disposition
from lovecampaign.store.eligibility.slots import SlotsByZone, compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.planning.batches import BatchSizes, plan_instant
from lovecampaign.store.planning.planning_task import PlanningTask
from lovecampaign.store.planning.scan_backoff import LONGEST_PAUSE, ScanBackoff
from lovecampaign.store.planning.waves import due_wave, plan_wave
from lovecampaign.store.tables import PLANNED, batch, delivery, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """How many rows planning added to the ledger."""

    planned: int = 0
    skipped: int = 0

    def __add__(self, other: PlanResult) -> PlanResult:
        return PlanResult(
            planned=self.planned + other.planned, skipped=self.skipped + other.skipped
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The batch sizes of planning, and the back-off of its scans."""

    sizes: BatchSizes = field(default_factory=BatchSizes)
    moved_backoff: ScanBackoff = field(default_factory=ScanBackoff)
    due_backoff: ScanBackoff = field(default_factory=ScanBackoff)


#: Shared by all passes of a process, so that its back-off outlives a pass.
_SHARED_OPTIONS = PlanOptions()


def plan_due(
    database: Database,
    campaign: Campaign,
    record: CampaignRecord,
    emails: Sequence[Email],
    now: datetime,
    options: PlanOptions = _SHARED_OPTIONS,
) -> PlanResult:
    """Insert the rows of everything that is due at ``now`` or within the horizon."""
    with database.read() as connection:
        slots = compute_slots(connection, campaign, record)
        clocks = read_clocks(connection, campaign, now)
        planned_at = _read_planned_at(connection, record)
        unclaimed = _find_emails_with_unclaimed_rows(connection, record.email_ids)
    total = PlanResult()
    for email in emails:
        if _is_over(planned_at.get(email.key), email, slots):
            continue
        task = PlanningTask(
            campaign=campaign, record=record, email=email, slots=slots, clocks=clocks, now=now
        )
        planner = _EmailPlanner(task=task, options=options)
        if email.role is Role.INVITATION:
            total += planner.plan_invitation(database, planned_at.get(email.key))
            continue
        if email.key in unclaimed:
            planner.delete_moved(database)
        total += planner.plan(database)
    return total


def _read_planned_at(connection: Connection, record: CampaignRecord) -> dict[str, datetime | None]:
    email = tables.email
    rows = connection.execute(
        sa.select(email.c.key, email.c.planned_at).where(email.c.campaign_id == record.id)
    )
    return {row.key: row.planned_at for row in rows}


def _find_emails_with_unclaimed_rows(
    connection: Connection, email_ids: Mapping[str, int]
) -> Collection[str]:
    """The keys of the emails that have planned rows which were never claimed."""
    is_unclaimed = sa.exists().where(
        delivery.c.batch_id == batch.c.id,
        delivery.c.state == PLANNED,
        delivery.c.first_claimed_at.is_(None),
    )
    keys = connection.scalars(
        sa.select(tables.email.c.key)
        .distinct()
        .join(batch, batch.c.email_id == tables.email.c.id)
        .where(tables.email.c.id.in_(email_ids.values()), is_unclaimed)
    )
    return set(keys)


def _is_over(planned_at: datetime | None, email: Email, slots: SlotsByZone) -> bool:
    """Whether the email was planned completely after it had become late in every slot."""
    expiries = [each.expires for by_key in slots.values() for each in by_key[email.key]]
    return planned_at is not None and all(
        expires is not None and planned_at >= expires for expires in expiries
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _EmailPlanner:
    """One round of planning for one email."""

    task: PlanningTask
    options: PlanOptions

    def delete_moved(self, database: Database) -> None:
        """Delete rows that were planned for a time that was edited since, to plan them anew."""
        task = self.task
        self.options.moved_backoff.run(
            database,
            task.id,
            (task.campaign, task.slots),
            task.now,
            lambda: self._delete_moved(database),
        )

    def _delete_moved(self, database: Database) -> int:
        with database.write() as connection:
            self.task.lock(connection)
            self.task.load_slots(connection)
            return _delete_moved_rows(connection, self.task.disposition, self.task.id)

    def plan(self, database: Database) -> PlanResult:
        """Insert rows for due subscribers, then for those who are skipped for good."""
        zones_by_due = self.task.zones_by_due
        if not zones_by_due:
            return PlanResult()
        planned = sum(
            plan_instant(database, self.task, due, zones_by_due[due], self.options.sizes)
            for due in self._scan_dues(database, zones_by_due.keys())
        )
        skipped = self._insert_skipped(database) if self._has_skips(database) else 0
        if self.task.is_late_for_all:
            self._mark_planned(database)
        return PlanResult(planned=planned, skipped=skipped)

    def plan_invitation(self, database: Database, planned_at: datetime | None) -> PlanResult:
        """Insert the rows of a wave. Subscribers who are not asked get no row: nothing is lost."""
        task = self.task
        size = self.options.due_backoff.run(
            database,
            task.id,
            (task.campaign, due_wave(task)),
            task.now,
            lambda: plan_wave(database, task, planned_at, self.options.sizes.batch),
        )
        return PlanResult(planned=size or 0)

    def _scan_dues(self, database: Database, dues: Collection[datetime]) -> Sequence[datetime]:
        """The instants with subscribers to plan; none while the scan is paused."""
        task = self.task
        if task.is_late_within(LONGEST_PAUSE):  # no pause may outlast a subscriber's last chance
            return self._find_dues(database, dues)
        arguments = (task.campaign, task.slots, tuple(dues), task.disposition.is_cancelled)
        found = self.options.due_backoff.run(
            database, task.id, arguments, task.now, lambda: self._find_dues(database, dues)
        )
        return found or ()

    def _find_dues(self, database: Database, dues: Collection[datetime]) -> Sequence[datetime]:
        """The instants with subscribers to plan, earliest first; most rounds find none."""
        found: list[datetime] = []
        with database.read(keeps_temporary=True) as connection:
            self.task.load_slots(connection)
            while open_dues := sorted(set(dues).difference(found)):
                parameters = {**self.task.parameters, "dues": open_dues}
                due = connection.scalar(self.task.statements.find_due, parameters)
                if due is None:
                    break
                found.append(due)
        return sorted(found)

    def _has_skips(self, database: Database) -> bool:
        """Whether any subscriber is skipped for good; runs after the others have rows."""
        if not self.task.may_skip:
            return False
        with database.read(keeps_temporary=True) as connection:
            self.task.load_slots(connection)
            skipped = connection.execute(self.task.statements.find_skipped, self.task.parameters)
            return skipped.first() is not None

    def _insert_skipped(self, database: Database) -> int:
        with database.write() as connection:
            self.task.lock(connection)
            self.task.load_slots(connection)
            statement = self.task.statements.insert_skipped
            return connection.execute(statement, self.task.parameters).rowcount

    def _mark_planned(self, database: Database) -> None:
        with database.write() as connection:
            connection.execute(
                sa.update(tables.email)
                .where(tables.email.c.id == self.task.id)
                .values(planned_at=self.task.now)
            )


def _delete_moved_rows(connection: Connection, disposition: Disposition, email_id: int) -> int:
    """Delete planned rows of which the due time has changed; slots must be loaded before.

    An edited time or zone holds for all that is not claimed yet (ARCHITECTURE.md, "Invariants").
    Rows that the operator made due (``retry``) have no end, and stay.
    """
    is_current = sa.exists(
        sa.select(sa.literal(1))
        .select_from(disposition.rows)
        .where(subscriber.c.id == delivery.c.subscriber_id, disposition.due == delivery.c.due)
        .correlate(delivery)
    )
    conditions = [
        # Batch by batch: this uses the index of planned rows and reads no sent ones.
        delivery.c.batch_id.in_(sa.select(batch.c.id).where(batch.c.email_id == email_id)),
        delivery.c.state == PLANNED,
        delivery.c.first_claimed_at.is_(None),
        sa.not_(is_current),
        delivery.c.expires_at.is_not(None),
    ]
    return connection.execute(sa.delete(delivery).where(*conditions)).rowcount
