"""How is one email planned once: who has moved, who is due, who is skipped for good?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.planning.batches import Portions, plan_instant
from lovecampaign.store.planning.email_query import EmailToPlan
from lovecampaign.store.planning.replan import drop_moved
from lovecampaign.store.planning.scan_backoff import LONGEST_REST, Looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What one round of planning added to the ledger."""

    planned: int = 0
    skipped: int = 0

    def __add__(self, other: Planned) -> Planned:
        return Planned(planned=self.planned + other.planned, skipped=self.skipped + other.skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanManner:
    """How planning goes through everybody, and when its looks in vain rest."""

    portions: Portions = field(default_factory=Portions)
    looks_for_moved: Looks = field(default_factory=Looks)
    looks_for_due: Looks = field(default_factory=Looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRound:
    """Planning one email once."""

    subject: EmailToPlan
    manner: PlanManner

    def drop_moved(self, database: Database) -> None:
        """Let rows go whose time was edited since, so that they are planned anew."""
        subject = self.subject
        question = (subject.campaign, subject.slots)
        self.manner.looks_for_moved.take(
            database, subject.id, question, subject.now, lambda: self._drop_moved(database)
        )

    def _drop_moved(self, database: Database) -> int:
        with database.write() as connection:
            self.subject.lock(connection)
            self.subject.lay_out(connection)
            return drop_moved(connection, self.subject.fate, self.subject.id)

    def plan(self, database: Database) -> Planned:
        """Insert who is due, and who is skipped for good."""
        zones_by_due = self.subject.zones_by_due
        if not zones_by_due:
            return Planned()
        planned = sum(
            plan_instant(database, self.subject, due, zones_by_due[due], self.manner.portions)
            for due in self._look_for_dues(database, zones_by_due.keys())
        )
        skipped = self._skip(database) if self._has_skips(database) else 0
        if skipped or planned or self.subject.is_late_for_all:
            self._mark_planned(database)
        return Planned(planned=planned, skipped=skipped)

    def _look_for_dues(self, database: Database, dues: Collection[datetime]) -> Sequence[datetime]:
        """The instants with people to plan; none while the search for them rests."""
        subject = self.subject
        if subject.is_late_within(LONGEST_REST):  # no rest may outlast somebody's last chance
            return self._find_dues(database, dues)
        question = (subject.campaign, subject.slots, tuple(dues), subject.fate.is_cancelled)
        found = self.manner.looks_for_due.take(
            database, subject.id, question, subject.now, lambda: self._find_dues(database, dues)
        )
        return found or ()

    def _find_dues(self, database: Database, dues: Collection[datetime]) -> Sequence[datetime]:
        """The instants with people to plan, earliest first: most rounds find none."""
        found: list[datetime] = []
        with database.read() as connection:
            self.subject.lay_out(connection)
            while open_dues := sorted(set(dues).difference(found)):
                asked = {**self.subject.parameters, "dues": open_dues}
                due = connection.scalar(self.subject.statements.find_due, asked)
                if due is None:
                    break
                found.append(due)
        return sorted(found)

    def _has_skips(self, database: Database) -> bool:
        """Whether anybody is skipped for good: asked once the others have rows."""
        if not self.subject.may_skip:
            return False
        with database.read() as connection:
            self.subject.lay_out(connection)
            found = connection.execute(
                self.subject.statements.find_skipped, self.subject.parameters
            )
            return found.first() is not None

    def _skip(self, database: Database) -> int:
        with database.write() as connection:
            self.subject.lock(connection)
            self.subject.lay_out(connection)
            inserted = connection.execute(
                self.subject.statements.insert_skipped, self.subject.parameters
            )
            return inserted.rowcount

    def _mark_planned(self, database: Database) -> None:
        with database.write() as connection:
            connection.execute(
                sa.update(tables.email)
                .where(tables.email.c.id == self.subject.id)
                .values(planned_at=self.subject.now)
            )
