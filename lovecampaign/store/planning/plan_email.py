"""How is one email planned once: who has moved, who is due, who is skipped for good?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.planning.batches import BatchSizes, plan_instant
from lovecampaign.store.planning.planning_task import PlanningTask
from lovecampaign.store.planning.replan import delete_moved_rows
from lovecampaign.store.planning.scan_backoff import LONGEST_PAUSE, ScanBackoff


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What one round of planning added to the ledger."""

    planned: int = 0
    skipped: int = 0

    def __add__(self, other: PlanResult) -> PlanResult:
        return PlanResult(
            planned=self.planned + other.planned, skipped=self.skipped + other.skipped
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """How planning goes through everybody, and when its looks in vain rest."""

    sizes: BatchSizes = field(default_factory=BatchSizes)
    moved_backoff: ScanBackoff = field(default_factory=ScanBackoff)
    due_backoff: ScanBackoff = field(default_factory=ScanBackoff)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailPlanner:
    """Planning one email once."""

    task: PlanningTask
    options: PlanOptions

    def delete_moved_rows(self, database: Database) -> None:
        """Let rows go whose time was edited since, so that they are planned anew."""
        task = self.task
        question = (task.campaign, task.slots)
        self.options.moved_backoff.take(
            database, task.id, question, task.now, lambda: self._drop_moved(database)
        )

    def _drop_moved(self, database: Database) -> int:
        with database.write() as connection:
            self.task.lock(connection)
            self.task.lay_out(connection)
            return delete_moved_rows(connection, self.task.disposition, self.task.id)

    def plan(self, database: Database) -> PlanResult:
        """Insert who is due, and who is skipped for good."""
        zones_by_due = self.task.zones_by_due
        if not zones_by_due:
            return PlanResult()
        planned = sum(
            plan_instant(database, self.task, due, zones_by_due[due], self.options.sizes)
            for due in self._look_for_dues(database, zones_by_due.keys())
        )
        skipped = self._skip(database) if self._has_skips(database) else 0
        if skipped or planned or self.task.is_late_for_all:
            self._mark_planned(database)
        return PlanResult(planned=planned, skipped=skipped)

    def _look_for_dues(self, database: Database, dues: Collection[datetime]) -> Sequence[datetime]:
        """The instants with people to plan; none while the search for them rests."""
        task = self.task
        if task.is_late_within(LONGEST_PAUSE):  # no rest may outlast somebody's last chance
            return self._find_dues(database, dues)
        question = (task.campaign, task.slots, tuple(dues), task.disposition.is_cancelled)
        found = self.options.due_backoff.take(
            database, task.id, question, task.now, lambda: self._find_dues(database, dues)
        )
        return found or ()

    def _find_dues(self, database: Database, dues: Collection[datetime]) -> Sequence[datetime]:
        """The instants with people to plan, earliest first: most rounds find none."""
        found: list[datetime] = []
        with database.read() as connection:
            self.task.lay_out(connection)
            while open_dues := sorted(set(dues).difference(found)):
                asked = {**self.task.parameters, "dues": open_dues}
                due = connection.scalar(self.task.statements.find_due, asked)
                if due is None:
                    break
                found.append(due)
        return sorted(found)

    def _has_skips(self, database: Database) -> bool:
        """Whether anybody is skipped for good: asked once the others have rows."""
        if not self.task.may_skip:
            return False
        with database.read() as connection:
            self.task.lay_out(connection)
            found = connection.execute(self.task.statements.find_skipped, self.task.parameters)
            return found.first() is not None

    def _skip(self, database: Database) -> int:
        with database.write() as connection:
            self.task.lock(connection)
            self.task.lay_out(connection)
            inserted = connection.execute(self.task.statements.insert_skipped, self.task.parameters)
            return inserted.rowcount

    def _mark_planned(self, database: Database) -> None:
        with database.write() as connection:
            connection.execute(
                sa.update(tables.email)
                .where(tables.email.c.id == self.task.id)
                .values(planned_at=self.task.now)
            )
