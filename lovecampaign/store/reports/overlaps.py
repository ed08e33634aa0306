"""Count subscribers who get letters of two campaigns on one day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.zones import load_zone
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.requirements import all_met
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.tables import subscriber


def count_overlaps(
    database: Database, campaign: Campaign, others: Sequence[Campaign], now: datetime
) -> Mapping[str, int]:
    """Subscribers with two letters on one day from today on, by the other campaign's name.

    Dates are those of the teams' calendars. Late joiners' own calendars are not compared.
    """
    found: dict[str, int] = {}
    for other in others:
        if other.id == campaign.id:
            continue
        with database.read() as connection:
            records = [read_campaign(connection, each.id) for each in (campaign, other)]
            pairs = _pairs(campaign, other, records, now)
            if not pairs:
                continue
            both = sa.union(*(_on_both(campaign, other, records, pair, now) for pair in pairs))
            counted = sa.select(sa.func.count()).select_from(both.subquery())
            if number := connection.scalar(counted):
                found[other.slug] = number
    return found


_Pair = tuple[Email, Email]
_Records = Sequence[CampaignRecord | None]


def _pairs(one: Campaign, other: Campaign, records: _Records, now: datetime) -> Sequence[_Pair]:
    """Pairs of emails on one date; one pair for all that address the same subscribers."""
    mine, theirs = _by_date(one, records[0], now), _by_date(other, records[1], now)
    pairs = {
        (_addressees(email), _addressees(rival)): (email, rival)
        for day in mine.keys() & theirs.keys()
        for email in mine[day]
        for rival in theirs[day]
    }
    return list(pairs.values())


def _by_date(
    campaign: Campaign, record: CampaignRecord | None, now: datetime
) -> Mapping[date, Sequence[Email]]:
    today = now.astimezone(load_zone(campaign.timezone)).date()
    cancelled = record.cancelled if record else frozenset[str]()
    emails: dict[date, list[Email]] = defaultdict(list)
    for email in campaign.scheduled_emails:
        day = campaign.date_of(email)
        if day is not None and day >= today and email.key not in cancelled:
            emails[day].append(email)
    return emails


def _addressees(email: Email) -> tuple[object, ...]:
    return (email.role is Role.LAUNCH, email.to, email.tags)


def _on_both(
    one: Campaign, other: Campaign, records: _Records, pair: _Pair, now: datetime
) -> sa.Select[tuple[int]]:
    mine, theirs = (
        _recipients(campaign, email, record, now)
        for campaign, email, record in zip((one, other), pair, records, strict=True)
    )
    return mine.where(subscriber.c.id.in_(theirs.correlate(None)))


def _recipients(
    campaign: Campaign, email: Email, record: CampaignRecord | None, now: datetime
) -> sa.Select[tuple[int]]:
    rules = Eligibility(
        campaign=campaign, email=email, campaign_id=record.id if record else 0, now=now
    )
    return (
        sa.select(subscriber.c.id)
        .select_from(rules.subscribers)
        .where(rules.is_addressed, all_met(rules.requirements))
    )
