"""List the subscribers that one email addresses, page by page with a keyset cursor.

Claimed rows are shown as they are; for all other subscribers the current rules are applied, as in
:mod:`~lovecampaign.store.reports.campaign_report`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.disposition import Disposition
from lovecampaign.store.eligibility.schedule import load_schedule
from lovecampaign.store.subscribers.search import name_or_address_contains
from lovecampaign.store.tables import PLANNED, DeliveryState, Instant, delivery, subscriber

#: How many subscribers one page scans: a filter without matches ends in half a second (measured
#: with a million subscribers on SQLite), and the next page continues after them.
SCANNED = 150_000
#: A search for words is cheap for subscribers that do not match.
SCANNED_WITH_WORDS = 1_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One subscriber that the email addresses."""

    subscriber_id: int
    email: str
    #: '' if unknown.
    name: str
    #: The effective zone.
    zone: str
    due: datetime
    state: DeliveryState
    #: The skip reason; None for recipients.
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddresseeFilter:
    """A filter for addressees; by default all."""

    #: A part of the name or address, in any case.
    words: str = ""
    #: Only those who are skipped for this reason.
    reason: SkipReason | None = None
    #: Only recipients.
    is_for_recipients: bool = False
    #: Keyset cursor: only subscribers after this id.
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AddresseePage:
    """A page of addressees, in the order of their ids."""

    people: Sequence[Addressee]
    #: The cursor ``after`` of the next page; None on the last page.
    next_after: int | None


def list_addressees(
    database: Database,
    campaign: Campaign,
    email: Email,
    now: datetime,
    choice: AddresseeFilter,
    limit: int,
) -> AddresseePage:
    """At most ``limit`` subscribers that the email addresses. Read-only."""
    with database.read() as connection:
        schedule = load_schedule(connection, campaign, [email], now)
        record = schedule.record
        last = _find_last_scanned(connection, choice)
        query = _PageQuery(
            disposition=schedule.disposition_of(email),
            email_id=record.email_ids.get(email.key, 0) if record else 0,
            choice=choice,
            last=last,
        )
        # One more than requested shows whether there are more.
        rows = sorted(
            (
                *query.claimed(connection, limit + 1),
                *query.planned(connection, limit + 1),
                *query.without_row(connection, limit + 1),
            ),
            key=lambda row: int(row.id),
        )
    people = [_as_addressee(campaign, row) for row in rows[:limit]]
    return AddresseePage(
        people=people, next_after=rows[limit - 1].id if len(rows) > limit else last
    )


def _state_and(reason: sa.ColumnElement[str | None]) -> tuple[sa.Label[Any], sa.Label[Any]]:
    planned, skipped = DeliveryState.PLANNED.value, DeliveryState.SKIPPED.value
    state = sa.case((reason.is_(None), planned), else_=skipped)
    return state.label("state"), reason.label("reason")


def _find_last_scanned(connection: Connection, choice: AddresseeFilter) -> int | None:
    """The last id that this page scans; None if fewer subscribers are left."""
    steps = SCANNED_WITH_WORDS if choice.words else SCANNED
    return connection.scalar(
        sa.select(subscriber.c.id)
        .where(subscriber.c.id > choice.after)
        .order_by(subscriber.c.id)
        .offset(steps - 1)
        .limit(1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageQuery:
    """SQL for one page."""

    disposition: Disposition
    email_id: int
    choice: AddresseeFilter
    last: int | None

    def claimed(self, connection: Connection, limit: int) -> Sequence[sa.Row[Any]]:
        """Addressees with a claimed or skipped row."""
        is_skipped = delivery.c.state.in_(_SKIPPED_STATES)
        skip_reason = sa.case((is_skipped, sa.func.coalesce(delivery.c.reason, delivery.c.state)))
        return self._page(
            connection,
            sa.select(*_SUBSCRIBER, delivery.c.due, delivery.c.state, delivery.c.reason)
            .join(delivery, delivery.c.subscriber_id == subscriber.c.id)
            .where(
                delivery.c.email_id == self.email_id,
                delivery.c.state != PLANNED,
                self._matches(skip_reason),
            ),
            limit,
        )

    def planned(self, connection: Connection, limit: int) -> Sequence[sa.Row[Any]]:
        """Addressees with an unclaimed row, by the current rules."""
        reason = self.disposition.expected_reason
        return self._page(
            connection,
            self.disposition.select_planned(
                self.email_id, *_SUBSCRIBER, delivery.c.due, *_state_and(reason)
            ).where(self._matches(reason)),
            limit,
        )

    def without_row(self, connection: Connection, limit: int) -> Sequence[sa.Row[Any]]:
        """Addressees without a row, by the current rules."""
        disposition, reason = self.disposition, self.disposition.reason
        due = sa.type_coerce(
            sa.case((disposition.is_held, disposition.goes_out_at), else_=disposition.due), Instant
        )
        return self._page(
            connection,
            disposition.select_without_row(
                self.email_id, *_SUBSCRIBER, due.label("due"), *_state_and(reason)
            ).where(self._matches(reason)),
            limit,
        )

    def _matches(self, skip_reason: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        if self.choice.reason is not None:
            return skip_reason == self.choice.reason.value
        return skip_reason.is_(None) if self.choice.is_for_recipients else sa.true()

    def _page(
        self, connection: Connection, chosen: sa.Select[Any], limit: int
    ) -> Sequence[sa.Row[Any]]:
        chosen = chosen.where(subscriber.c.id > self.choice.after)
        if self.last is not None:
            chosen = chosen.where(subscriber.c.id <= self.last)
        if self.choice.words:
            chosen = chosen.where(name_or_address_contains(self.choice.words))
        return connection.execute(chosen.order_by(subscriber.c.id).limit(limit)).all()


_SKIPPED_STATES = (DeliveryState.SKIPPED.value, DeliveryState.CANCELLED.value)
_SUBSCRIBER = (
    subscriber.c.id,
    subscriber.c.email,
    subscriber.c.first_name,
    subscriber.c.last_name,
    subscriber.c.timezone,
)


def _as_addressee(campaign: Campaign, row: sa.Row[Any]) -> Addressee:
    return Addressee(
        subscriber_id=row.id,
        email=row.email,
        name=f"{row.first_name} {row.last_name}".strip(),
        zone=effective_zone(row.timezone, campaign),
        due=row.due,
        state=DeliveryState(row.state),
        reason=row.reason,
    )
