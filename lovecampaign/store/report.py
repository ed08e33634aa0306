"""Who gets what, and how far is it? The numbers of ``plan``, ``status`` and ``explain``.

Rows of the ledger are history; for everybody without a row, today's rules are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.schedule.quiet import quiet_hours_of
from lovecampaign.schedule.slots import Slot, due_window, plan_zone
from lovecampaign.store import tables
from lovecampaign.store.calendars import SlotsByZone, read_clocks, work_out_slots
from lovecampaign.store.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.database import Database
from lovecampaign.store.fate import Fate, lay_out_slots
from lovecampaign.store.slot_table import zone_clock
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import DeliveryState, delivery, subscriber


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """What becomes of one email for one person."""

    key: str
    due: datetime | None
    #: None: the email does not speak to this person (it is for buyers, say).
    state: DeliveryState | None
    reason: str | None
    detail: str | None = None
    settled_at: datetime | None = None


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
        slots = work_out_slots(connection, campaign, record)
        clocks = read_clocks(connection, campaign, now)
        lay_out_slots(connection, slots, asked, clocks)
        windows = slots or _slots_of_nobody(campaign, record)
        reports = [
            _report_email(connection, campaign, email, record, windows, now) for email in asked
        ]
    return CampaignReport(record=record, emails=reports)


def read_timeline(
    database: Database, campaign: Campaign, subscriber_id: int, now: datetime
) -> Sequence[TimelineEntry]:
    """Every scheduled email for one subscriber, in the campaign's order. Writes nothing."""
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        slots = work_out_slots(connection, campaign, record)
        clocks = read_clocks(connection, campaign, now)
        lay_out_slots(connection, slots, campaign.scheduled_emails, clocks)
        rows = _read_rows(connection, campaign, record, subscriber_id, now)
        return [
            rows.get(email.key)
            or _foresee(connection, _fate(campaign, email, record, now), subscriber_id)
            for email in campaign.scheduled_emails
        ]


def _slots_of_nobody(campaign: Campaign, record: CampaignRecord | None) -> SlotsByZone:
    """Before anybody is on a list, times are shown as for readers of an unknown zone."""
    founders_until = record.first_claim_at if record else None
    return {"": plan_zone(campaign, campaign.sending.unknown_timezone, founders_until)}


def _fate(campaign: Campaign, email: Email, record: CampaignRecord | None, now: datetime) -> Fate:
    campaign_id = record.id if record else 0
    return Fate(
        standing=Standing(campaign=campaign, email=email, campaign_id=campaign_id, now=now),
        is_cancelled=bool(record and email.key in record.cancelled),
    )


def _report_email(
    connection: Connection,
    campaign: Campaign,
    email: Email,
    record: CampaignRecord | None,
    slots: SlotsByZone,
    now: datetime,
) -> EmailReport:
    email_id = record.email_ids.get(email.key, 0) if record else 0
    states, skipped = _count_rows(connection, email_id)
    foreseen = _count_foreseen(connection, _fate(campaign, email, record, now), email_id)
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
    states: Counter[DeliveryState] = Counter()
    skipped: Counter[str] = Counter()
    rows: sa.Result[Any] = connection.execute(
        sa.select(delivery.c.state, delivery.c.reason, sa.func.count().label("number"))
        .where(delivery.c.email_id == email_id)
        .group_by(delivery.c.state, delivery.c.reason)
    )
    for row in rows:
        state = DeliveryState(row.state)
        states[state] += row.number
        if state in (DeliveryState.SKIPPED, DeliveryState.CANCELLED):
            skipped[row.reason] += row.number
    return states, skipped


def _count_foreseen(connection: Connection, fate: Fate, email_id: int) -> Counter[str | None]:
    """Who has no row yet, by why they will not get the email; None: they will."""
    reason = fate.reason.label("reason")
    has_row = sa.exists().where(
        delivery.c.email_id == email_id, delivery.c.subscriber_id == subscriber.c.id
    )
    rows: sa.Result[Any] = connection.execute(
        sa.select(reason, sa.func.count().label("number"))
        .select_from(fate.rows)
        .where(fate.standing.is_addressed, sa.not_(has_row))
        .group_by(reason)
    )
    return Counter({row.reason: row.number for row in rows})


def _read_rows(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord | None,
    subscriber_id: int,
    now: datetime,
) -> Mapping[str, TimelineEntry]:
    if record is None:
        return {}
    rows: sa.Result[Any] = connection.execute(
        sa.select(delivery, tables.email.c.key, zone_clock.c.quiet_until)
        .join(tables.email, tables.email.c.id == delivery.c.email_id)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .outerjoin(zone_clock, zone_clock.c.zone == subscriber.c.timezone)
        .where(tables.email.c.campaign_id == record.id, delivery.c.subscriber_id == subscriber_id)
    )
    emails = {email.key: email for email in campaign.emails}
    return {
        row.key: TimelineEntry(
            key=row.key,
            due=_goes_out_at(campaign, emails.get(row.key), row, now),
            state=DeliveryState(row.state),
            reason=row.reason,
            detail=row.detail,
            settled_at=row.settled_at,
        )
        for row in rows
    }


def _goes_out_at(
    campaign: Campaign, email: Email | None, row: sa.Row[Any], now: datetime
) -> datetime:
    """When a row is or was due; what quiet hours hold: their end."""
    is_held = (
        row.state == DeliveryState.PLANNED
        and row.next_try_at <= now
        and row.quiet_until is not None
        and email is not None
        and quiet_hours_of(campaign, email) is not None
    )
    due: datetime = row.quiet_until if is_held else row.due
    return due


def _foresee(connection: Connection, fate: Fate, subscriber_id: int) -> TimelineEntry:
    key = fate.standing.email.key
    row = connection.execute(
        sa.select(
            fate.due.label("due"),
            fate.goes_out_at.label("goes_out_at"),
            fate.is_held.label("is_held"),
            fate.reason.label("reason"),
        )
        .select_from(fate.rows)
        .where(fate.standing.is_addressed, subscriber.c.id == subscriber_id)
    ).one_or_none()
    if row is None:
        return TimelineEntry(key=key, due=None, state=None, reason=None)
    return TimelineEntry(
        key=key,
        due=row.goes_out_at if row.is_held else row.due,
        state=DeliveryState.SKIPPED if row.reason else DeliveryState.PLANNED,
        reason=row.reason,
    )
