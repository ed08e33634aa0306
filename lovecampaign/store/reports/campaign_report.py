"""How many get each email, and how far is it? The numbers of ``plan`` and ``status``.

Rows that were claimed are history; for everybody else, today's rules are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.slots import Slot, due_window, plan_zone
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.disposition import Disposition, disposition_at, load_slots
from lovecampaign.store.eligibility.slots import SlotsByZone, compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.tables import PLANNED, DeliveryState, delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailReport:
    """One email's numbers."""

    key: str
    #: Over the zones of the audience; None where nobody gets it any more.
    first_due: datetime | None
    last_due: datetime | None
    #: Rows by state; PLANNED also counts who would get it by today's rules.
    counts: Mapping[DeliveryState, int] = field(default_factory=dict)
    #: Why people don't get it, rows and today's rules together.
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def recipients(self) -> int:
        """Who got it or will."""
        states = (
            DeliveryState.PLANNED,
            DeliveryState.CLAIMED,
            DeliveryState.SENT,
            DeliveryState.FAILED,
            DeliveryState.IN_DOUBT,
        )
        return sum(self.counts.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignReport:
    """All emails' numbers at one instant."""

    record: CampaignRecord | None
    emails: Sequence[EmailReport]


def report_campaign(
    database: Database,
    campaign: Campaign,
    now: datetime,
    emails: Sequence[Email] | None = None,
) -> CampaignReport:
    """The numbers of these emails, or of every scheduled one. Writes nothing.

    An email takes three seconds for a million people (SQLite): ask for what is looked at.
    """
    asked = campaign.scheduled_emails if emails is None else emails
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        slots = compute_slots(connection, campaign, record)
        clocks = read_clocks(connection, campaign, now)
        load_slots(connection, slots, asked, clocks)
        windows = slots or _slots_of_nobody(campaign, record)
        reports = [
            _report_email(connection, campaign, email, record, windows, now) for email in asked
        ]
    return CampaignReport(record=record, emails=reports)


def _slots_of_nobody(campaign: Campaign, record: CampaignRecord | None) -> SlotsByZone:
    """Before anybody is on a list, times are shown as for readers of an unknown zone."""
    founders_until = record.first_claim_at if record else None
    return {"": plan_zone(campaign, campaign.sending.unknown_timezone, founders_until)}


def _report_email(
    connection: Connection,
    campaign: Campaign,
    email: Email,
    record: CampaignRecord | None,
    slots: SlotsByZone,
    now: datetime,
) -> EmailReport:
    email_id = record.email_ids.get(email.key, 0) if record else 0
    disposition = disposition_at(campaign, email, record, now)
    states, skipped = _count_rows(connection, email_id)
    for foreseen in (
        _count_planned(connection, disposition, email_id),
        _count_foreseen(connection, disposition, email_id),
    ):
        states[DeliveryState.PLANNED] += foreseen.pop(None, 0)
        skipped.update({reason: count for reason, count in foreseen.items() if reason})
    window = due_window(_slots_of(email, slots))
    return EmailReport(
        key=email.key,
        first_due=window[0] if window else None,
        last_due=window[1] if window else None,
        counts=states,
        skipped=skipped,
    )


def _slots_of(email: Email, slots: SlotsByZone) -> list[Slot]:
    return [each for by_key in slots.values() for each in by_key[email.key]]


def _count_rows(
    connection: Connection, email_id: int
) -> tuple[Counter[DeliveryState], Counter[str]]:
    """What is settled or on its way."""
    states: Counter[DeliveryState] = Counter()
    skipped: Counter[str] = Counter()
    rows: sa.Result[Any] = connection.execute(
        sa.select(delivery.c.state, delivery.c.reason, sa.func.count().label("number"))
        .where(delivery.c.email_id == email_id, delivery.c.state != PLANNED)
        .group_by(delivery.c.state, delivery.c.reason)
    )
    for row in rows:
        state = DeliveryState(row.state)
        states[state] += row.number
        if state in (DeliveryState.SKIPPED, DeliveryState.CANCELLED):
            skipped[row.reason] += row.number
    return states, skipped


def _count_planned(
    connection: Connection, disposition: Disposition, email_id: int
) -> Counter[str | None]:
    """Rows that nobody has claimed, by why they will not go out; None: they will."""
    reason = disposition.expected_reason.label("reason")
    rows: sa.Result[Any] = connection.execute(
        sa.select(reason, sa.func.count().label("number"))
        .select_from(disposition.planned_rows)
        .where(delivery.c.email_id == email_id, delivery.c.state == PLANNED)
        .group_by(reason)
    )
    return Counter({row.reason: row.number for row in rows})


def _count_foreseen(
    connection: Connection, disposition: Disposition, email_id: int
) -> Counter[str | None]:
    """Who has no row yet, by why they will not get the email; None: they will."""
    reason = disposition.reason.label("reason")
    rows: sa.Result[Any] = connection.execute(
        sa.select(reason, sa.func.count().label("number"))
        .select_from(disposition.rows)
        .where(disposition.eligibility.is_addressed, disposition.lacks_row(email_id))
        .group_by(reason)
    )
    return Counter({row.reason: row.number for row in rows})
