"""Count each email's recipients by state and skip reason, for ``plan`` and ``status``.

Claimed rows are counted as they are; for all other subscribers the current rules are applied.
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
from lovecampaign.store.eligibility.classes import is_sample, sample_audience, sampled_number
from lovecampaign.store.eligibility.schedule import Schedule, load_schedule
from lovecampaign.store.eligibility.slots import SlotsByZone
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables import DeliveryState, delivery

#: So many emails are counted over all subscribers faster than classes are found.
_FEW = 3
#: The number of subscribers in SQL: of all rows, and of samples' classes.
_EACH: sa.ColumnElement[int] = sa.func.count()
_CLASSES = sa.cast(sa.func.sum(sampled_number), sa.BigInteger)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailReport:
    """One email's numbers."""

    key: str
    #: Over the zones of the audience; None if the email has no recipients.
    first_due: datetime | None
    last_due: datetime | None
    #: Rows by state; PLANNED also counts future recipients by the current rules.
    counts: Mapping[DeliveryState, int] = field(default_factory=dict)
    #: Skip reasons of rows, and by the current rules.
    skipped: Mapping[str, int] = field(default_factory=dict)
    #: The campaign has it no more; only its rows are counted, without those that wait in vain.
    is_removed: bool = False

    @property
    def recipients(self) -> int:
        """How many got it or will."""
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
    """The numbers of these emails, or of all scheduled ones. Read-only.

    Up to three emails take three seconds each for a million subscribers (SQLite). More are
    counted by classes of subscribers, in about ten seconds for all.
    """
    requested = campaign.scheduled_emails if emails is None else emails
    with database.read() as connection:
        schedule = load_schedule(connection, campaign, requested, now)
        classes = None
        if len(requested) > _FEW:
            classes = sample_audience(connection, [campaign], schedule.record, now)
        windows = schedule.slots or _slots_of_unknown_zone(campaign, schedule.record)
        reports = [
            _report_email(connection, schedule, email, windows, classes) for email in requested
        ]
    return CampaignReport(record=schedule.record, emails=reports)


def report_removed(
    database: Database, campaign: Campaign, record: CampaignRecord | None
) -> Sequence[EmailReport]:
    """The numbers of emails that have rows and are in the campaign no more, by first due time."""
    present = {email.key for email in campaign.emails}
    gone = {
        key: number
        for key, number in (record.email_ids if record else {}).items()
        if key not in present
    }
    with database.read() as connection:
        reports = [_report_rows(connection, key, email_id) for key, email_id in gone.items()]
    found = [(one.first_due, one) for one in reports if one.first_due is not None]
    return [one for _, one in sorted(found, key=lambda each: each[0])]


def _report_rows(connection: Connection, key: str, email_id: int) -> EmailReport:
    states, skipped = _count_rows(connection, email_id)
    del states[DeliveryState.PLANNED]
    first, last = connection.execute(
        sa.select(sa.func.min(delivery.c.due), sa.func.max(delivery.c.due)).where(
            delivery.c.email_id == email_id, delivery.c.state != DeliveryState.PLANNED.value
        )
    ).one()
    return EmailReport(
        key=key, first_due=first, last_due=last, counts=states, skipped=skipped, is_removed=True
    )


def _slots_of_unknown_zone(campaign: Campaign, record: CampaignRecord | None) -> SlotsByZone:
    """For an empty database, times are shown as for subscribers without a zone."""
    founders_until = record.first_claim_at if record else None
    return {"": plan_zone(campaign, campaign.sending.unknown_timezone, founders_until)}


def _report_email(
    connection: Connection,
    schedule: Schedule,
    email: Email,
    slots: SlotsByZone,
    classes: int | None,
) -> EmailReport:
    """``classes`` is the number of sampled ones; None where each subscriber is counted."""
    record, disposition = schedule.record, schedule.disposition_of(email)
    email_id = record.email_ids.get(email.key, 0) if record else 0
    states, skipped = _count_rows(connection, email_id)
    queries = []
    if classes != 0:  # with members; a statement takes 3 ms to build
        others, number = disposition.select_without_row(email_id), _EACH
        if classes is not None:
            others, number = others.where(is_sample), _CLASSES
        queries.append((others, disposition.reason, number))
    if states.pop(DeliveryState.PLANNED, 0):
        queries.append((disposition.select_planned(email_id), disposition.expected_reason, _EACH))
    for query, reason, number in queries:
        foreseen = _count_by_reason(connection, query, reason, number)
        states[DeliveryState.PLANNED] += foreseen.pop(None, 0)
        skipped.update({word: count for word, count in foreseen.items() if word})
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
    """Rows by state, and skipped ones by reason."""
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


def _count_by_reason(
    connection: Connection,
    query: sa.Select[Any],
    reason: sa.ColumnElement[str | None],
    number: sa.ColumnElement[int],
) -> Counter[str | None]:
    """Subscribers by skip reason; None for recipients."""
    label = reason.label("reason")
    rows: sa.Result[Any] = connection.execute(
        query.add_columns(label, number.label("number")).group_by(label)
    )
    return Counter({row.reason: row.number for row in rows})
