"""SQL that finds due subscribers and inserts their rows.

Each statement takes ``my_email``, ``now`` and ``horizon``; a batch also takes ``my_batch``,
``my_due``, ``zones``, ``after``, ``upto`` and ``size``; the search for due instants takes ``dues``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.eligibility.disposition import Disposition
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
    """The statements that plan one email."""

    def __init__(self, disposition: Disposition) -> None:
        self._disposition = disposition
        self.find_due = self._select_due()
        self.find_skipped = self._select_skipped().limit(1)
        self.insert_planned = _insert(self._select_planned())
        self.insert_skipped = _insert(self._select_skipped())

    def _select_due(self) -> sa.Select[Any]:
        """One of the instants ``dues`` with a subscriber to plan."""
        due = slot.c.due
        return (
            self._without_row(due)
            .where(
                due.in_(sa.bindparam("dues", type_=Instant, expanding=True)),
                self._disposition.is_recipient,
            )
            .limit(1)
        )

    def _select_planned(self) -> sa.Select[Any]:
        state = sa.literal(DeliveryState.PLANNED.value)
        return (
            self._select_rows(state, sa.bindparam("my_batch", type_=BigKey), sa.null())
            .where(
                slot.c.due == sa.bindparam("my_due", type_=Instant),
                subscriber.c.timezone.in_(sa.bindparam("zones", expanding=True)),
                subscriber.c.id > sa.bindparam("after", type_=BigKey),
                subscriber.c.id <= sa.bindparam("upto", type_=BigKey),
                self._disposition.is_recipient,
            )
            .order_by(subscriber.c.id)
            .limit(sa.bindparam("size", type_=sa.Integer))
        )

    def _select_skipped(self) -> sa.Select[Any]:
        state = sa.case(
            (self._disposition.reason == SkipReason.CANCELLED.value, DeliveryState.CANCELLED.value),
            else_=DeliveryState.SKIPPED.value,
        )
        no_batch = sa.literal(None, BigKey)
        rows = self._select_rows(state, no_batch, self._disposition.reason)
        return rows.where(self._is_skipped_for_good)

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

    @property
    def _is_skipped_for_good(self) -> sa.ColumnElement[bool]:
        return sa.and_(
            self._disposition.due <= self._disposition.eligibility.instant,
            self._disposition.reason.in_([each.value for each in FINAL_REASONS]),
        )


def _insert(rows: sa.Select[Any]) -> sa.Insert:
    # SQLAlchemy keeps the row count of an INSERT only with this option.
    statement = sa.insert(delivery).from_select(_COLUMNS, rows)
    return statement.execution_options(preserve_rowcount=True)
