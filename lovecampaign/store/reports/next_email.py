"""Find the next email of one subscriber, by the rules that ``send`` applies.

The schedule of the subscriber's zone gives the candidates, in Python; then the eligibility SQL is
applied to each, from the earliest on. So a page costs a few queries by primary key, for any
number of subscribers and zones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.quiet import ZoneClock, quiet_hours_of, read_clock
from lovecampaign.schedule.slots import Slot, find_slot, plan_zone
from lovecampaign.store.eligibility.deal_rules import deal_reasons
from lovecampaign.store.eligibility.eligibility import Eligibility, first_unmet, require
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.tables import DeliveryState, Instant, delivery, email, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEmail:
    """The next email of one subscriber."""

    email: Email
    at: datetime
    #: It is due already, and is sent by the next pass.
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """What the ledger has for one subscriber."""

    keys: frozenset[str]
    #: The local days on which they got an email.
    days: frozenset[date]


def find_next_email(
    connection: Connection, campaign: Campaign, subscriber_id: int, now: datetime
) -> NextEmail | None:
    """The earliest email that is still to come, if any. Read-only."""
    record = read_campaign(connection, campaign.id)
    zone = connection.scalar(
        sa.select(subscriber.c.timezone).where(subscriber.c.id == subscriber_id)
    )
    if record is None or zone is None:
        return None
    for candidate in sorted(
        _candidates(connection, campaign, record, subscriber_id, zone, now), key=lambda one: one.at
    ):
        if _is_recipient(connection, campaign, record, candidate, subscriber_id, now):
            return candidate
    return None


def _candidates(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    subscriber_id: int,
    zone: str,
    now: datetime,
) -> Iterator[NextEmail]:
    """Scheduled emails without a claimed row that are not late."""
    settled = _read_settled(connection, record, subscriber_id)
    joined = _read_joining(connection, campaign, record, subscriber_id, now)
    slots = plan_zone(campaign, effective_zone(zone, campaign), record.first_claim_at)
    clock = read_clock(campaign, zone, now)
    for one in campaign.scheduled_emails:
        joined_at = joined[one.key]
        if joined_at is None or one.key in settled.keys | record.cancelled:
            continue
        slot = find_slot(slots[one.key], joined_at)
        if slot.reason is None and (slot.expires is None or now < slot.expires):
            candidate = _next_email(campaign, one, slot.due_for(joined_at), clock, now)
            if not _is_day_taken(slot, candidate, clock, settled):
                yield candidate


def _next_email(
    campaign: Campaign, one: Email, due: datetime, clock: ZoneClock, now: datetime
) -> NextEmail:
    if due > now:
        return NextEmail(email=one, at=due, is_due=False)
    quiet_until = clock.quiet_until if quiet_hours_of(campaign, one) else None
    return NextEmail(email=one, at=quiet_until or now, is_due=quiet_until is None)


def _is_day_taken(slot: Slot, candidate: NextEmail, clock: ZoneClock, settled: _Settled) -> bool:
    if not candidate.email.is_one_a_day:
        return False
    day = clock.local_day if candidate.is_due else slot.day
    return day in settled.days


def _read_settled(connection: Connection, record: CampaignRecord, subscriber_id: int) -> _Settled:
    rows = connection.execute(
        sa.select(email.c.key, delivery.c.local_day)
        .join(email, email.c.id == delivery.c.email_id)
        .where(
            delivery.c.campaign_id == record.id,
            delivery.c.subscriber_id == subscriber_id,
            delivery.c.state != DeliveryState.PLANNED.value,
        )
    ).all()
    return _Settled(
        keys=frozenset(row.key for row in rows),
        days=frozenset(row.local_day for row in rows if row.local_day),
    )


def _read_joining(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    subscriber_id: int,
    now: datetime,
) -> Mapping[str, datetime | None]:
    """When they joined the list of each email; None for emails that do not address them."""
    eligibilities = [
        Eligibility(campaign=campaign, email=one, campaign_id=record.id, now=now)
        for one in campaign.scheduled_emails
    ]
    columns = (
        sa.type_coerce(sa.case((each.is_addressed, each.joined_at)), Instant).label(each.email.key)
        for each in eligibilities
    )
    addressed = sa.select(*columns).select_from(eligibilities[0].subscribers)
    row = connection.execute(addressed.where(subscriber.c.id == subscriber_id)).mappings().one()
    return {str(key): row[key] for key in row}


def _is_recipient(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    candidate: NextEmail,
    subscriber_id: int,
    now: datetime,
) -> bool:
    """Whether the subscriber is eligible when the email goes out."""
    at = sa.literal(candidate.at, type_=Instant)
    eligibility = Eligibility(
        campaign=campaign, email=candidate.email, campaign_id=record.id, now=now, evaluated_at=at
    )
    deal = [require(sa.not_(unmet), why) for unmet, why in deal_reasons(eligibility, at)]
    reason = first_unmet([*eligibility.requirements, *deal])
    query = sa.select(reason).select_from(eligibility.subscribers)
    return connection.scalar(query.where(subscriber.c.id == subscriber_id)) is None
