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
from lovecampaign.schedule.quiet import quiet_hours_of, read_clock
from lovecampaign.schedule.slots import find_slot, plan_zone
from lovecampaign.store.eligibility.deal_reasons import deal_reasons
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.requirements import first_unmet, require
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.tables import DeliveryState, Instant, delivery, email, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEmail:
    """The next email of one subscriber."""

    email: Email
    at: datetime
    #: It is due already, and is sent by the next pass.
    is_due: bool


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
    search = _Search(
        connection=connection,
        campaign=campaign,
        record=record,
        subscriber_id=subscriber_id,
        now=now,
    )
    for candidate in sorted(search.candidates(zone), key=lambda one: one.at):
        if search.is_recipient(candidate):
            return candidate
    return None


def wants_days(
    connection: Connection, campaign: Campaign, subscriber_id: int, now: datetime
) -> bool:
    """Whether the subscriber gets the month, by their choice or by their silence."""
    record = read_campaign(connection, campaign.id)
    if record is None or not campaign.day_emails:
        return campaign.invitation is None
    rules = Eligibility(
        campaign=campaign, email=campaign.day_emails[0], campaign_id=record.id, now=now
    )
    query = sa.select(sa.func.coalesce(rules.wants_days, sa.false()))
    found = query.select_from(rules.subscribers).where(subscriber.c.id == subscriber_id)
    return bool(connection.scalar(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    connection: Connection
    campaign: Campaign
    record: CampaignRecord
    subscriber_id: int
    now: datetime

    def candidates(self, zone: str) -> Iterator[NextEmail]:
        """Scheduled emails without a claimed row that are not late."""
        campaign, record, now = self.campaign, self.record, self.now
        claimed_keys, taken_days = self._read_claimed()
        joined = self._read_joining()
        slots = plan_zone(campaign, effective_zone(zone, campaign), record.first_claim_at)
        clock = read_clock(campaign, zone, now)
        for one in campaign.scheduled_emails:
            joined_at = joined[one.key]
            if joined_at is None or one.key in claimed_keys | record.cancelled:
                continue
            slot = find_slot(slots[one.key], joined_at)
            if slot.reason is not None or (slot.expires is not None and slot.expires <= now):
                continue
            due = slot.due_for(joined_at)
            quiet_until = clock.quiet_until if quiet_hours_of(campaign, one) else None
            is_due = due <= now and quiet_until is None
            day = clock.local_day if is_due else slot.day
            if not (one.is_one_a_day and day in taken_days):
                at = due if due > now else quiet_until or now
                yield NextEmail(email=one, at=at, is_due=is_due)

    def _read_claimed(self) -> tuple[frozenset[str], frozenset[date]]:
        """The keys of emails with a claimed row, and the local days that they took."""
        rows = self.connection.execute(
            sa.select(email.c.key, delivery.c.local_day)
            .join(email, email.c.id == delivery.c.email_id)
            .where(
                delivery.c.campaign_id == self.record.id,
                delivery.c.subscriber_id == self.subscriber_id,
                delivery.c.state != DeliveryState.PLANNED.value,
            )
        ).all()
        days = frozenset(row.local_day for row in rows if row.local_day)
        return frozenset(row.key for row in rows), days

    def _read_joining(self) -> Mapping[str, datetime | None]:
        """When they joined the list of each email; None for emails that do not address them."""
        rules = [self._eligibility(one) for one in self.campaign.scheduled_emails]
        columns = (
            sa.type_coerce(sa.case((each.is_addressed, each.joined_at)), Instant).label(
                each.email.key
            )
            for each in rules
        )
        query = sa.select(*columns).select_from(rules[0].subscribers)
        row = self.connection.execute(query.where(subscriber.c.id == self.subscriber_id))
        return {str(key): joined_at for key, joined_at in row.mappings().one().items()}

    def is_recipient(self, candidate: NextEmail) -> bool:
        """Whether the subscriber is eligible when the email goes out."""
        at = sa.literal(candidate.at, type_=Instant)
        rules = self._eligibility(candidate.email, at)
        deal = [require(sa.not_(unmet), why) for unmet, why in deal_reasons(rules, at)]
        reason = first_unmet([*rules.requirements, *deal])
        query = sa.select(reason).select_from(rules.subscribers)
        return self.connection.scalar(query.where(subscriber.c.id == self.subscriber_id)) is None

    def _eligibility(
        self, one: Email, evaluated_at: sa.ColumnElement[datetime] | None = None
    ) -> Eligibility:
        return Eligibility(
            campaign=self.campaign,
            email=one,
            campaign_id=self.record.id,
            now=self.now,
            evaluated_at=evaluated_at,
        )
