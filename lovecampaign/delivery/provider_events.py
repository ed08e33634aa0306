"""Applies a provider's events: to the ledger, suppressions, counts, and the brake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.loop.brake import brake_reason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.waiting import note_sent_answers, reopen_bounced
from lovecampaign.store.ledger.campaigns import pause
from lovecampaign.store.ledger.counters import EmailCounts, add_to_email
from lovecampaign.store.ledger.events import (
    EventKind,
    MatchedEvent,
    ProviderEvent,
    find_first_of_kind,
    find_over_soft_bounce_limit,
    record_events,
)
from lovecampaign.store.ledger.lookup import DeliveryRecord, EmailRow, find_emails
from lovecampaign.store.ledger.match_events import match_events
from lovecampaign.store.ledger.settle_by_event import (
    fail_dropped,
    settle_in_doubt_by_events,
    settle_transactional_by_events,
    undo_dropped,
)
from lovecampaign.store.signup.suppress_by_event import suppress_reported
from lovecampaign.store.subscribers.suppressions import suppress_subscribers

#: Events per transaction.
MAX_AT_ONCE = 1_000
#: The brake counts these.
_COUNTED = frozenset({EventKind.BOUNCED, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED})

#: Not delivered, after the provider had accepted it.
_BACK = frozenset({EventKind.BOUNCED, EventKind.SOFT_BOUNCED, EventKind.BLOCKED})


def apply_reports(
    database: Database,
    reports: Sequence[ProviderEvent],
    campaigns: Mapping[str, Campaign],
    source: str,
    now: datetime,
) -> int:
    """Store new events and apply them; returns how many were new.

    Durable when it returns, and idempotent: repeated or reordered events leave the same state.
    ``campaigns``: those that can be loaded, by id; ``source``: the reporting provider.
    """
    new = 0
    for start in range(0, len(reports), MAX_AT_ONCE):
        part = reports[start : start + MAX_AT_ONCE]
        with database.write() as connection:
            facts = record_events(connection, match_events(connection, part), now)
            _apply(connection, facts, campaigns, source, now)
        new += len(facts)
    return new


def _apply(
    connection: Connection,
    facts: Sequence[MatchedEvent],
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
    _suppress_soft_bounces(connection, facts, now)
    _count(connection, facts, emails, campaigns, now)


def _email_ids(facts: Iterable[MatchedEvent]) -> set[int]:
    """Of the emails for which more than the ledger may change."""
    return {
        fact.subject.email_id
        for fact in facts
        if fact.subject is not None
        and fact.subject.email_id is not None
        and (fact.report.kind in _COUNTED or fact.report.unsubscribes_from_campaign)
    }


def _settle(connection: Connection, facts: Sequence[MatchedEvent], now: datetime) -> None:
    known = [fact for fact in facts if fact.report.kind is not EventKind.UNKNOWN]
    dropped = [fact for fact in known if fact.report.kind is EventKind.DROPPED]
    deliveries = _delivery_ids(known)
    if deliveries:
        settle_in_doubt_by_events(connection, now, deliveries)
        fail_dropped(connection, _delivery_ids(dropped), now)
        undo_dropped(connection, deliveries, now)
    settle_transactional_by_events(connection, _asked_ids(known), _asked_ids(dropped), now)
    note_sent_answers(connection, now)
    reopen_bounced(connection, _asked_ids([fact for fact in known if fact.report.kind in _BACK]))


def _delivery_ids(facts: Iterable[MatchedEvent]) -> set[int]:
    ids = {fact.subject.delivery_id for fact in facts if fact.subject is not None}
    return {id_ for id_ in ids if id_ is not None}


def _asked_ids(facts: Iterable[MatchedEvent]) -> set[int]:
    ids = {fact.subject.transactional_id for fact in facts if fact.subject is not None}
    return {id_ for id_ in ids if id_ is not None}


def _suppress_soft_bounces(
    connection: Connection, facts: Iterable[MatchedEvent], now: datetime
) -> None:
    subscriber_ids = {
        fact.subject.subscriber_id
        for fact in facts
        if fact.subject is not None and fact.report.kind is EventKind.SOFT_BOUNCED
    }
    for campaign_key, resting in find_over_soft_bounce_limit(connection, subscriber_ids).items():
        suppress_subscribers(connection, resting, SuppressionReason.SOFT_BOUNCES, campaign_key, now)


def _count(
    connection: Connection,
    facts: Iterable[MatchedEvent],
    emails: Mapping[int, EmailRow],
    campaigns: Mapping[str, Campaign],
    now: datetime,
) -> None:
    """An email counts once per kind, however often it is reported."""
    counted = [fact for fact in facts if fact.report.kind in _COUNTED]
    counters: dict[int, Counter[EventKind]] = defaultdict(Counter)
    for email_id, kind in find_first_of_kind(connection, counted):
        counters[email_id][kind] += 1
    for email_id in sorted(counters):
        kinds, row = counters[email_id], emails[email_id]
        added = EmailCounts(
            hard_bounces=kinds[EventKind.BOUNCED],
            late_bounces=kinds[EventKind.BOUNCED],
            complaints=kinds[EventKind.COMPLAINED],
            unsubscribes=kinds[EventKind.UNSUBSCRIBED],
        )
        _count_and_brake(connection, campaigns.get(row.campaign_key), row, added, now)


def count_feedback(
    connection: Connection,
    campaign: Campaign | None,
    delivery: DeliveryRecord,
    added: EmailCounts,
    now: datetime,
) -> None:
    """Count complaints, bounces or unsubscribes of a delivery, and pull the brake if necessary.

    ``campaign`` None: its files cannot be read, and nothing is sent.
    """
    email = EmailRow(
        email_id=delivery.email_id,
        email_key=delivery.email_key,
        campaign_id=delivery.campaign_id,
        campaign_key=delivery.campaign_key,
    )
    _count_and_brake(connection, campaign, email, added, now)


def _count_and_brake(
    connection: Connection,
    campaign: Campaign | None,
    email: EmailRow,
    added: EmailCounts,
    now: datetime,
) -> None:
    counts = add_to_email(connection, email.email_id, added)
    if campaign is None:
        return
    reason = brake_reason(campaign.sending.brake, email.email_key, counts)
    if reason is not None:
        pause(connection, email.campaign_id, now, reason)
