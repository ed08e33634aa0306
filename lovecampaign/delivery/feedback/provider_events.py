"""What do a provider's later reports change? The ledger, suppressions, counts, and the brake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.feedback.reader_actions import count_and_brake
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.counters import EmailCounts
from lovecampaign.store.ledger.event_subjects import find_subjects
from lovecampaign.store.ledger.events import (
    EventKind,
    Fact,
    Report,
    find_first_of_kind,
    note_events,
)
from lovecampaign.store.ledger.lookup import EmailRow, find_emails
from lovecampaign.store.ledger.settle_by_event import (
    note_drops,
    settle_asked_by_events,
    settle_by_events,
    take_back_drops,
)
from lovecampaign.store.ledger.soft_bounces import find_resting
from lovecampaign.store.sending.settle import suppress_people
from lovecampaign.store.signup.unsubscribe_by_event import suppress_reported

#: One statement takes as many; more come in several transactions.
MOST_AT_ONCE = 1_000
#: What the brake watches.
_COUNTED = frozenset({EventKind.BOUNCED, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED})


def apply_reports(
    database: Database,
    reports: Sequence[Report],
    campaigns: Mapping[str, Campaign],
    source: str,
    now: datetime,
) -> int:
    """Keep what is new and do what follows from it; returns how many were new.

    Durable when it returns. The same again, or in another order, leaves the same state behind.
    ``campaigns``: those that can be read, by their id; ``source``: who reports.
    """
    new = 0
    for start in range(0, len(reports), MOST_AT_ONCE):
        part = reports[start : start + MOST_AT_ONCE]
        with database.write() as connection:
            facts = note_events(connection, find_subjects(connection, part), now)
            _draw_conclusions(connection, facts, campaigns, source, now)
        new += len(facts)
    return new


def _draw_conclusions(
    connection: Connection,
    facts: Sequence[Fact],
    campaigns: Mapping[str, Campaign],
    source: str,
    now: datetime,
) -> None:
    _settle(connection, facts, now)
    emails = find_emails(connection, _email_ids(facts))
    lists_of = {
        row.campaign_id: campaigns[row.campaign_key].lists
        for row in emails.values()
        if row.campaign_key in campaigns
    }
    suppress_reported(connection, facts, lists_of, source)
    _let_rest(connection, facts, now)
    _count(connection, facts, emails, campaigns, now)


def _email_ids(facts: Iterable[Fact]) -> set[int]:
    """Of the emails for which anything but the ledger may change."""
    return {
        fact.subject.email_id
        for fact in facts
        if fact.subject is not None
        and fact.subject.email_id is not None
        and (fact.report.kind in _COUNTED or fact.report.leaves_campaign)
    }


def _settle(connection: Connection, facts: Sequence[Fact], now: datetime) -> None:
    told = [fact for fact in facts if fact.report.kind is not EventKind.UNKNOWN]
    dropped = [fact for fact in told if fact.report.kind is EventKind.DROPPED]
    deliveries = _delivery_ids(told)
    if deliveries:
        settle_by_events(connection, now, deliveries)
        note_drops(connection, _delivery_ids(dropped), now)
        take_back_drops(connection, deliveries, now)
    settle_asked_by_events(connection, _asked_ids(told), _asked_ids(dropped), now)


def _delivery_ids(facts: Iterable[Fact]) -> set[int]:
    found = {fact.subject.delivery_id for fact in facts if fact.subject is not None}
    return {number for number in found if number is not None}


def _asked_ids(facts: Iterable[Fact]) -> set[int]:
    found = {fact.subject.asked_id for fact in facts if fact.subject is not None}
    return {number for number in found if number is not None}


def _let_rest(connection: Connection, facts: Iterable[Fact], now: datetime) -> None:
    people = {
        fact.subject.subscriber_id
        for fact in facts
        if fact.subject is not None and fact.report.kind is EventKind.SOFT_BOUNCED
    }
    for campaign_key, resting in find_resting(connection, people).items():
        suppress_people(connection, resting, SuppressionReason.SOFT_BOUNCES, campaign_key, now)


def _count(
    connection: Connection,
    facts: Iterable[Fact],
    emails: Mapping[int, EmailRow],
    campaigns: Mapping[str, Campaign],
    now: datetime,
) -> None:
    """A letter counts once, however often its end is reported."""
    counted = [fact for fact in facts if fact.report.kind in _COUNTED]
    found: dict[int, Counter[EventKind]] = defaultdict(Counter)
    for email_id, kind in find_first_of_kind(connection, counted):
        found[email_id][kind] += 1
    for email_id in sorted(found):
        kinds, row = found[email_id], emails[email_id]
        added = EmailCounts(
            hard_bounces=kinds[EventKind.BOUNCED],
            late_bounces=kinds[EventKind.BOUNCED],
            complaints=kinds[EventKind.COMPLAINED],
            unsubscribes=kinds[EventKind.UNSUBSCRIBED],
        )
        count_and_brake(connection, campaigns.get(row.campaign_key), row, added, now)
