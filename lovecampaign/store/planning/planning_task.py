"""The input of planning one email: its slots, and the SQL that finds due subscribers.

Each statement takes ``my_email``, ``now`` and ``horizon``; a batch also takes ``my_batch``,
``my_due``, ``zones``, ``after``, ``upto`` and ``size``; the search for due instants takes ``dues``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.quiet import ZoneClocks
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import Slot
from lovecampaign.store import tables
from lovecampaign.store.eligibility.disposition import Disposition, load_slots
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.precedence import newer_launch_emails
from lovecampaign.store.eligibility.requirements import Condition
from lovecampaign.store.eligibility.slots import SlotsByZone
from lovecampaign.store.eligibility.statement_cache import StatementCache
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables import BigKey, DeliveryState, Instant, delivery, subscriber
from lovecampaign.store.tables.slots import slot

#: Reasons that cannot change any more: such a skip becomes a row. The others are computed anew
#: each time, so that a tag, a pause or a confirmation counts until the email is late.
FINAL_REASONS = (
    SkipReason.LATE,
    SkipReason.DAY_TAKEN,
    SkipReason.IN_DIGEST,
    SkipReason.CANCELLED,
    SkipReason.DEAL_CLOSED,
    SkipReason.SOLD_OUT,
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
_my_email = sa.bindparam("my_email", type_=BigKey)


class PlanStatements:
    """The statements that plan one email, each built on its first use."""

    def __init__(self, disposition: Disposition) -> None:
        self._disposition = disposition

    @cached_property
    def find_due(self) -> sa.Select[Any]:
        """One of the instants ``dues`` with a subscriber to plan."""
        due = slot.c.due
        return (
            self._without_row(due)
            .where(
                due.in_(sa.bindparam("dues", type_=Instant, expanding=True)),
                self._is_recipient,
            )
            .limit(1)
        )

    @cached_property
    def insert_planned(self) -> sa.Insert:
        state = sa.literal(DeliveryState.PLANNED.value)
        return insert_deliveries(
            self._select_rows(state, sa.bindparam("my_batch", type_=BigKey), sa.null())
            .where(
                slot.c.due == sa.bindparam("my_due", type_=Instant),
                subscriber.c.timezone.in_(sa.bindparam("zones", expanding=True)),
                subscriber.c.id > sa.bindparam("after", type_=BigKey),
                subscriber.c.id <= sa.bindparam("upto", type_=BigKey),
                self._is_recipient,
            )
            .order_by(subscriber.c.id)
            .limit(sa.bindparam("size", type_=sa.Integer))
        )

    @cached_property
    def find_skipped(self) -> sa.Select[Any]:
        return self._skipped.limit(1)

    @cached_property
    def insert_skipped(self) -> sa.Insert:
        return insert_deliveries(self._skipped)

    @cached_property
    def _skipped(self) -> sa.Select[Any]:
        disposition = self._disposition
        reason = disposition.reason
        state = sa.case(
            (reason == SkipReason.CANCELLED.value, DeliveryState.CANCELLED.value),
            else_=DeliveryState.SKIPPED.value,
        )
        no_batch = sa.literal(None, BigKey)
        return self._select_rows(state, no_batch, reason).where(
            disposition.due <= disposition.eligibility.instant,
            reason.in_([each.value for each in FINAL_REASONS]),
        )

    def _select_rows(
        self,
        state: sa.ColumnElement[str],
        batch_id: sa.ColumnElement[int],
        reason: sa.ColumnElement[Any],
    ) -> sa.Select[Any]:
        """A delivery's columns, for addressed subscribers without a row, due by the horizon."""
        disposition = self._disposition
        return self._without_row(
            sa.literal(disposition.eligibility.campaign_id),
            _my_email,
            subscriber.c.id,
            batch_id,
            state,
            reason,
            disposition.due,
            slot.c.expires_at,
            disposition.due,
        )

    def _without_row(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        horizon = sa.bindparam("horizon", type_=Instant)
        query = self._disposition.select_without_row(_my_email, *columns)
        return query.where(self._disposition.due <= horizon)

    @cached_property
    def _is_recipient(self) -> Condition:
        return self._disposition.is_recipient


def insert_deliveries(rows: sa.Select[Any]) -> sa.Insert:
    """Insert rows of the ledger, with the columns that planning knows."""
    # SQLAlchemy keeps the row count of an INSERT only with this option.
    statement = sa.insert(delivery).from_select(_COLUMNS, rows)
    return statement.execution_options(preserve_rowcount=True)


#: Rows are inserted this long before they are due, so that sending starts on time.
HORIZON = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningTask:
    """One email to plan at one instant."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    slots: SlotsByZone
    clocks: ZoneClocks
    now: datetime

    @property
    def id(self) -> int:
        return self.record.email_ids[self.email.key]

    @property
    def horizon(self) -> datetime:
        return self.now + HORIZON

    @property
    def zones_by_due(self) -> Mapping[datetime, Sequence[str]]:
        """The zones of each due instant up to the horizon, earliest first."""
        zones: dict[datetime, set[str]] = {}
        for zone, by_key in self.slots.items():
            for each in by_key[self.email.key]:
                if each.due <= self.horizon:
                    zones.setdefault(each.due, set()).add(zone)
        return {due: sorted(zones[due]) for due in sorted(zones)}

    @property
    def may_skip(self) -> bool:
        """Whether a final skip reason is possible; if not, no scan is needed."""
        is_open_to_all = (
            not self.disposition.is_cancelled and self.campaign.deal_of(self.email) is None
        )
        newer = newer_launch_emails(self.campaign, self.email)
        is_replaced = any(each.instant and each.instant <= self.now for each in newer)
        return (
            not is_open_to_all
            or is_replaced
            or any(
                each.reason in FINAL_REASONS
                or (each.expires is not None and each.expires <= self.now)
                for each in self._all_slots
            )
        )

    @property
    def is_late_for_all(self) -> bool:
        """Whether it is late in every slot: this round of planning is its last."""
        return all(
            each.expires is not None and each.expires <= self.now for each in self._all_slots
        )

    def is_late_within(self, time: timedelta) -> bool:
        """Whether a slot becomes late within this time."""
        return any(
            each.expires is not None and self.now < each.expires <= self.now + time
            for each in self._all_slots
        )

    @property
    def _all_slots(self) -> Iterator[Slot]:
        return (each for by_key in self.slots.values() for each in by_key[self.email.key])

    # -- in SQL

    @property
    def disposition(self) -> Disposition:
        eligibility = Eligibility(
            campaign=self.campaign, email=self.email, campaign_id=self.record.id
        )
        return Disposition(
            eligibility=eligibility, is_cancelled=self.email.key in self.record.cancelled
        )

    @property
    def statements(self) -> PlanStatements:
        return _statements.get(self.disposition)

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters of every statement; :meth:`load_slots` comes before it."""
        return {"my_email": self.id, "now": self.now, "horizon": self.horizon}

    def load_slots(self, connection: Connection, until: datetime | None = None) -> None:
        """Load the email's slots up to the horizon, or ``until``, into the temporary table."""
        key, horizon = self.email.key, until or self.horizon
        due = {
            zone: {key: tuple(each for each in by_key[key] if each.due <= horizon)}
            for zone, by_key in self.slots.items()
        }
        load_slots(connection, due, [self.email], self.clocks, keeps_others=True)

    def lock(self, connection: Connection) -> None:
        """Let one process plan an email at a time, so that no row is inserted twice."""
        email = tables.email
        connection.execute(sa.select(email.c.id).where(email.c.id == self.id).with_for_update())


_statements = StatementCache(PlanStatements)
