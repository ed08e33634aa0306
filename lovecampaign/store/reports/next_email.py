"""Which letter does one person get next, and when? As ``send`` is going to see it.

The calendar says what may come, in Python and for one zone; the ledger and the rules of
:mod:`~lovecampaign.store.eligibility.eligibility`
say, from the earliest on, whether it does. So a page costs a
handful of looks by primary key, however many people and zones there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.quiet import quiet_hours_of
from lovecampaign.schedule.slots import Slot, find_slot, plan_zone
from lovecampaign.schedule.zone_clock import ZoneClock, read_clock
from lovecampaign.store.eligibility.deal_rules import deal_reasons
from lovecampaign.store.eligibility.eligibility import Eligibility, first_unmet, require
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.tables import DeliveryState, Instant, delivery, email, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEmail:
    """An email on its way to one person."""

    email: Email
    at: datetime
    #: It is due already, and goes out as soon as somebody sends.
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Had:
    """What the ledger has decided about a person."""

    keys: frozenset[str]
    #: The local days on which they got their letter.
    days: frozenset[date]


def find_next_email(
    connection: Connection, campaign: Campaign, subscriber_id: int, now: datetime
) -> NextEmail | None:
    """The earliest letter that is still to come; None: there is none. Writes nothing."""
    record = read_campaign(connection, campaign.id)
    zone = connection.scalar(
        sa.select(subscriber.c.timezone).where(subscriber.c.id == subscriber_id)
    )
    if record is None or zone is None:
        return None
    for letter in sorted(
        _possible(connection, campaign, record, subscriber_id, zone, now), key=lambda one: one.at
    ):
        if _gets_it(connection, campaign, record, letter, subscriber_id, now):
            return letter
    return None


def _possible(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    subscriber_id: int,
    zone: str,
    now: datetime,
) -> Iterator[NextEmail]:
    """What the calendar has for them, the ledger has not decided, and is not too late."""
    had = _read_had(connection, record, subscriber_id)
    joined = _read_joining(connection, campaign, record, subscriber_id, now)
    slots = plan_zone(campaign, effective_zone(zone, campaign), record.first_claim_at)
    clock = read_clock(campaign, zone, now)
    for one in campaign.scheduled_emails:
        joined_at = joined[one.key]
        if joined_at is None or one.key in had.keys | record.cancelled:
            continue
        slot = find_slot(slots[one.key], joined_at)
        if slot.reason is None and (slot.expires is None or now < slot.expires):
            letter = _letter(campaign, one, slot.due_for(joined_at), clock, now)
            if not _is_day_taken(slot, letter, clock, had):
                yield letter


def _letter(
    campaign: Campaign, one: Email, due: datetime, clock: ZoneClock, now: datetime
) -> NextEmail:
    if due > now:
        return NextEmail(email=one, at=due, is_due=False)
    quiet_until = clock.quiet_until if quiet_hours_of(campaign, one) else None
    return NextEmail(email=one, at=quiet_until or now, is_due=quiet_until is None)


def _is_day_taken(slot: Slot, letter: NextEmail, clock: ZoneClock, had: _Had) -> bool:
    if not letter.email.is_one_a_day:
        return False
    day = clock.local_day if letter.is_due else slot.day
    return day in had.days


def _read_had(connection: Connection, record: CampaignRecord, subscriber_id: int) -> _Had:
    rows = connection.execute(
        sa.select(email.c.key, delivery.c.local_day)
        .join(email, email.c.id == delivery.c.email_id)
        .where(
            delivery.c.campaign_id == record.id,
            delivery.c.subscriber_id == subscriber_id,
            delivery.c.state != DeliveryState.PLANNED.value,
        )
    ).all()
    return _Had(
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
    """When they joined the list through which each email comes; None: it does not speak to them."""
    eligibilities = [
        Eligibility(campaign=campaign, email=one, campaign_id=record.id, now=now)
        for one in campaign.scheduled_emails
    ]
    columns = (
        sa.type_coerce(sa.case((each.is_addressed, each.joined_at)), Instant).label(each.email.key)
        for each in eligibilities
    )
    people = sa.select(*columns).select_from(eligibilities[0].subscribers)
    theirs = people.where(subscriber.c.id == subscriber_id)
    found = connection.execute(theirs).mappings().one()
    return {str(key): found[key] for key in found}


def _gets_it(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    letter: NextEmail,
    subscriber_id: int,
    now: datetime,
) -> bool:
    """By the rules that ``send`` asks, judged for when it goes out."""
    at = sa.literal(letter.at, type_=Instant)
    eligibility = Eligibility(
        campaign=campaign, email=letter.email, campaign_id=record.id, now=now, evaluated_at=at
    )
    deal = [require(sa.not_(unmet), why) for unmet, why in deal_reasons(eligibility, at)]
    reason = first_unmet([*eligibility.requirements, *deal])
    people = sa.select(reason).select_from(eligibility.subscribers)
    return connection.scalar(people.where(subscriber.c.id == subscriber_id)) is None
