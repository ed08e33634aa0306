"""The timeline of one subscriber over all emails, for ``explain`` and ``plan --for``.

Claimed rows are shown as they are; for all other emails the current rules are applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.schedule.quiet import quiet_hours_of
from lovecampaign.schedule.waves import wave_instants
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.disposition import Disposition
from lovecampaign.store.eligibility.schedule import load_schedule
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables import DeliveryState, delivery, subscriber
from lovecampaign.store.tables.slots import zone_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """The disposition of one email for one subscriber."""

    key: str
    due: datetime | None
    #: None: the email does not address this subscriber (it is for buyers, for example).
    state: DeliveryState | None
    reason: str | None
    detail: str | None = None
    settled_at: datetime | None = None

    @property
    def sent_at(self) -> datetime | None:
        """When the provider accepted it."""
        return self.settled_at if self.state is DeliveryState.SENT else None


def read_timeline(
    database: Database, campaign: Campaign, subscriber_id: int, now: datetime
) -> Sequence[TimelineEntry]:
    """Every scheduled email for one subscriber, in the campaign's order. Read-only."""
    with database.read() as connection:
        schedule = load_schedule(connection, campaign, campaign.scheduled_emails, now)
        record = schedule.record
        rows = _read_rows(connection, campaign, record, subscriber_id, now)

        def find_entry(email: Email) -> TimelineEntry:
            known, disposition = rows.get(email.key), schedule.disposition_of(email)
            if known is None:
                entry = _forecast(connection, disposition, subscriber_id)
                return _in_coming_wave(campaign, email, entry, now)
            if known.state is not DeliveryState.PLANNED or record is None:
                return known
            return _forecast_row(
                connection, disposition, record.email_ids[email.key], subscriber_id, known
            )

        return [find_entry(email) for email in campaign.scheduled_emails]


def _in_coming_wave(
    campaign: Campaign, email: Email, entry: TimelineEntry, now: datetime
) -> TimelineEntry:
    """An invitation that is still to come is due with the next wave, at the earliest."""
    if email.role is not Role.INVITATION or entry.state is not DeliveryState.PLANNED:
        return entry
    coming = next((at for at in wave_instants(campaign) if at > now), None)
    return replace(entry, due=max(filter(None, (entry.due, coming)), default=None))


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
    """When a row is or was due; if quiet hours delay it, their end."""
    is_held = (
        row.state == DeliveryState.PLANNED
        and row.next_try_at <= now
        and row.quiet_until is not None
        and email is not None
        and quiet_hours_of(campaign, email) is not None
    )
    due: datetime = row.quiet_until if is_held else row.due
    return due


def _forecast_row(
    connection: Connection,
    disposition: Disposition,
    email_id: int,
    subscriber_id: int,
    planned: TimelineEntry,
) -> TimelineEntry:
    """The entry of an unclaimed row, by the current rules."""
    reason = connection.scalar(
        disposition.select_planned(email_id, disposition.expected_reason).where(
            subscriber.c.id == subscriber_id
        )
    )
    return replace(planned, state=DeliveryState.SKIPPED, reason=reason) if reason else planned


def _forecast(
    connection: Connection, disposition: Disposition, subscriber_id: int
) -> TimelineEntry:
    key = disposition.eligibility.email.key
    row = connection.execute(
        sa.select(
            disposition.due.label("due"),
            disposition.goes_out_at.label("goes_out_at"),
            disposition.is_held.label("is_held"),
            disposition.reason.label("reason"),
        )
        .select_from(disposition.rows)
        .where(disposition.eligibility.is_addressed, subscriber.c.id == subscriber_id)
    ).one_or_none()
    if row is None:
        return TimelineEntry(key=key, due=None, state=None, reason=None)
    return TimelineEntry(
        key=key,
        due=row.goes_out_at if row.is_held else row.due,
        state=DeliveryState.SKIPPED if row.reason else DeliveryState.PLANNED,
        reason=row.reason,
    )
