"""To whom does one email speak, person by person? A page at a time, however many there are.

Rows that were claimed are history; for everybody else, today's rules are asked, as
:mod:`~lovecampaign.store.reports.campaign_report` counts them.
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
from lovecampaign.store.eligibility.disposition import Fate, fate_at, lay_out_slots
from lovecampaign.store.eligibility.slots import read_clocks, work_out_slots
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.subscribers.search import name_or_address_contains
from lovecampaign.store.tables import PLANNED, DeliveryState, Instant, delivery, subscriber

#: How many people are looked at for one page: a filter that fits nobody ends in half a second
#: (measured with a million subscribers on SQLite), and the next page goes on behind them.
LOOKED_AT = 150_000
#: With words to look for, everybody else is passed over at a glance.
LOOKED_AT_FOR_WORDS = 1_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One person of one email."""

    subscriber_id: int
    email: str
    #: '' where nobody knows it.
    name: str
    #: The zone that counts for them.
    zone: str
    due: datetime
    state: DeliveryState
    #: Why they do not get it; None: they do, or did.
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which people are asked for; as made, everybody."""

    #: Somewhere in the name or address, whatever the case.
    words: str = ""
    #: Only those who do not get it, for this reason.
    reason: SkipReason | None = None
    #: Only those who get it.
    is_for_recipients: bool = False
    #: Behind the person with this id.
    after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressees:
    """A page of people, in the order of their ids."""

    people: Sequence[Addressee]
    #: For the ``after`` of the next page; None: there is nobody behind these.
    next_after: int | None


def list_addressees(
    database: Database, campaign: Campaign, email: Email, now: datetime, choice: Choice, limit: int
) -> Addressees:
    """At most ``limit`` people to whom the email speaks. Writes nothing."""
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        slots = work_out_slots(connection, campaign, record)
        lay_out_slots(connection, slots, [email], read_clocks(connection, campaign, now))
        last = _last_to_look_at(connection, choice)
        question = _Question(
            fate=fate_at(campaign, email, record, now),
            email_id=record.email_ids.get(email.key, 0) if record else 0,
            choice=choice,
            last=last,
        )
        # One more than asked for tells whether there are more.
        rows = sorted(
            (
                *question.from_ledger(connection, limit + 1),
                *question.planned(connection, limit + 1),
                *question.foreseen(connection, limit + 1),
            ),
            key=lambda row: int(row.id),
        )
    people = [_as_addressee(campaign, row) for row in rows[:limit]]
    return Addressees(people=people, next_after=rows[limit - 1].id if len(rows) > limit else last)


def _state_for(reason: sa.ColumnElement[str | None]) -> sa.Label[str]:
    planned, skipped = DeliveryState.PLANNED.value, DeliveryState.SKIPPED.value
    return sa.case((reason.is_(None), planned), else_=skipped).label("state")


def _last_to_look_at(connection: Connection, choice: Choice) -> int | None:
    """The id at which this page ends at the latest; None: there are not that many people."""
    steps = LOOKED_AT_FOR_WORDS if choice.words else LOOKED_AT
    return connection.scalar(
        sa.select(subscriber.c.id)
        .where(subscriber.c.id > choice.after)
        .order_by(subscriber.c.id)
        .offset(steps - 1)
        .limit(1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """SQL for one page."""

    fate: Fate
    email_id: int
    choice: Choice
    last: int | None

    def from_ledger(self, connection: Connection, limit: int) -> Sequence[sa.Row[Any]]:
        """Those whose row tells what became of it."""
        is_held_back = delivery.c.state.in_(_HELD_BACK)
        held_back_for = sa.case(
            (is_held_back, sa.func.coalesce(delivery.c.reason, delivery.c.state))
        )
        return self._page(
            connection,
            sa.select(*_PERSON, delivery.c.due, delivery.c.state, delivery.c.reason)
            .join(delivery, delivery.c.subscriber_id == subscriber.c.id)
            .where(
                delivery.c.email_id == self.email_id,
                delivery.c.state != PLANNED,
                self._fits(held_back_for),
            ),
            limit,
        )

    def planned(self, connection: Connection, limit: int) -> Sequence[sa.Row[Any]]:
        """Those whose row nobody has claimed, by today's rules."""
        reason = self.fate.reason_foreseen
        return self._page(
            connection,
            sa.select(*_PERSON, delivery.c.due, _state_for(reason), reason.label("reason"))
            .select_from(self.fate.planned_rows)
            .where(
                delivery.c.email_id == self.email_id,
                delivery.c.state == PLANNED,
                self._fits(reason),
            ),
            limit,
        )

    def foreseen(self, connection: Connection, limit: int) -> Sequence[sa.Row[Any]]:
        """Those without a row, by today's rules."""
        fate, reason = self.fate, self.fate.reason
        due = sa.type_coerce(sa.case((fate.is_held, fate.goes_out_at), else_=fate.due), Instant)
        return self._page(
            connection,
            sa.select(*_PERSON, due.label("due"), _state_for(reason), reason.label("reason"))
            .select_from(fate.rows)
            .where(fate.standing.is_addressed, fate.lacks_row(self.email_id), self._fits(reason)),
            limit,
        )

    def _fits(self, held_back_for: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        if self.choice.reason is not None:
            return held_back_for == self.choice.reason.value
        return held_back_for.is_(None) if self.choice.is_for_recipients else sa.true()

    def _page(
        self, connection: Connection, chosen: sa.Select[Any], limit: int
    ) -> Sequence[sa.Row[Any]]:
        chosen = chosen.where(subscriber.c.id > self.choice.after)
        if self.last is not None:
            chosen = chosen.where(subscriber.c.id <= self.last)
        if self.choice.words:
            chosen = chosen.where(name_or_address_contains(self.choice.words))
        return connection.execute(chosen.order_by(subscriber.c.id).limit(limit)).all()


_HELD_BACK = (DeliveryState.SKIPPED.value, DeliveryState.CANCELLED.value)
_PERSON = (
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
