"""A campaign's numbers, counted from the ledger, and a forecast by today's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.schedule.instants import local_day
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.reports.audience_counts import count_audience
from lovecampaign.store.reports.campaign_report import EmailReport, report_campaign
from lovecampaign.store.reports.day_counts import (
    DeliveryCount,
    EventCount,
    LocalDays,
    count_confirmed,
    count_deliveries,
    count_events,
    count_joined,
    count_unsubscribed,
)
from lovecampaign.store.reports.recent_problems import DeliveryProblem, list_failed
from lovecampaign.store.tables import DeliveryState

#: In the order in which they happen.
SHOWN_EVENTS = (
    EventKind.DELIVERED,
    EventKind.BOUNCED,
    EventKind.COMPLAINED,
    EventKind.UNSUBSCRIBED,
    EventKind.OPENED,
    EventKind.CLICKED,
)
_NEWEST_FAILED = 50
_WEEK = timedelta(days=7)
#: An email can be retried until it is late, a day at most after its last due time.
_SETTLED_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFigures:
    """Counts of one email so far."""

    states: Counter[DeliveryState] = field(default_factory=Counter)
    #: By reason.
    skipped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    events: Counter[EventKind] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of a campaign so far."""

    counted_at: datetime
    days: LocalDays
    emails: Mapping[str, EmailFigures]
    #: By name (``sent``, ``delivered`` …) and day.
    events: Mapping[str, Mapping[date, int]]
    #: By name (``joined``, ``confirmed``, ``left``, ``insiders``) and day.
    people: Mapping[str, Mapping[date, int]]
    failed: Sequence[DeliveryProblem]
    readers: int
    insiders: int


#: The reports of emails that are not over, by key.
Forecast = Mapping[str, EmailReport]


def count_rows(
    database: Database, campaign: Campaign, record: CampaignRecord | None, now: datetime
) -> Figures:
    """One pass over each table. Writes nothing."""
    days = days_of(campaign, now)
    people = count_audience(database, campaign)
    campaign_id = record.id if record else 0
    with database.read() as connection:
        deliveries = count_deliveries(connection, campaign_id, days)
        events = count_events(connection, campaign_id, days, SHOWN_EVENTS)
        return Figures(
            counted_at=now,
            days=days,
            emails=_by_email(deliveries, events),
            events=_by_kind(deliveries, events),
            people=_count_subscribers(connection, campaign, days),
            failed=list_failed(connection, campaign_id, _NEWEST_FAILED),
            readers=sum(people.by_zone.values()),
            insiders=people.insiders,
        )


def forecast_recipients(
    database: Database, campaign: Campaign, _record: CampaignRecord | None, now: datetime
) -> Forecast:
    """For emails that are not over: three seconds each for a million subscribers."""
    coming = [email for email in campaign.scheduled_emails if not is_over(campaign, email, now)]
    if not coming:
        return {}
    report = report_campaign(database, campaign, now, coming)
    return {email.key: email for email in report.emails}


def is_over(campaign: Campaign, email: Email, now: datetime) -> bool:
    """Whether all its recipients, in every time zone, have a row by now."""
    day = campaign.date_of(email)
    if email.role is Role.INVITATION:  # its last wave is before day 1
        day = campaign.start
    if day is None:  # the catch-up is sent at sign-up
        return now > campaign.launch.at + _SETTLED_AFTER
    return local_day(now, campaign.timezone) > day + _SETTLED_AFTER


def days_of(campaign: Campaign, now: datetime) -> LocalDays:
    """From before day 1 to a week after the last email, without future days."""
    dates = [campaign.date_of(email) or campaign.start for email in campaign.emails]
    first = min([campaign.start - _WEEK, *dates])
    last = max([campaign.start, *dates]) + _WEEK
    today = local_day(now, campaign.timezone)
    return LocalDays(
        zone=campaign.timezone, first=min(first, today), last=max(min(last, today), first)
    )


def _by_email(
    deliveries: Sequence[DeliveryCount], events: Sequence[EventCount]
) -> Mapping[str, EmailFigures]:
    by_email: dict[str, EmailFigures] = {}
    for row in deliveries:
        counts = by_email.setdefault(row.key, EmailFigures())
        counts.states[row.state] += row.number
        if row.state in (DeliveryState.SKIPPED, DeliveryState.CANCELLED):
            counts.skipped[row.reason or ""] += row.number
        elif row.state is DeliveryState.FAILED:
            counts.failed[row.reason or ""] += row.number
    for event in events:
        by_email.setdefault(event.key, EmailFigures()).events[event.kind] += event.number
    return by_email


def _by_kind(
    deliveries: Sequence[DeliveryCount], events: Sequence[EventCount]
) -> Mapping[str, Mapping[date, int]]:
    by_kind: dict[str, Counter[date]] = {
        name: Counter() for name in ("sent", *(kind.value for kind in SHOWN_EVENTS))
    }
    for row in deliveries:
        if row.state is DeliveryState.SENT and row.day is not None:
            by_kind["sent"][row.day] += row.number
    for event in events:
        by_kind[event.kind.value][event.day] += event.number
    return by_kind


def _count_subscribers(
    connection: Connection, campaign: Campaign, days: LocalDays
) -> Mapping[str, Mapping[date, int]]:
    readers = campaign.audience.list
    insiders = campaign.insiders.list if campaign.insiders else None
    return {
        "joined": count_joined(connection, readers, days),
        "confirmed": count_confirmed(connection, readers, days),
        "left": count_unsubscribed(connection, campaign.lists, days),
        "insiders": count_confirmed(connection, insiders, days) if insiders else {},
    }
