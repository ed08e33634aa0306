"""What becomes of an email for each person: when is it due, and why do they not get it?

Joins how subscribers stand (:mod:`~lovecampaign.store.eligibility.eligibility`) with when things happen
(:mod:`~lovecampaign.store.tables.slots`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.quiet import quiet_hours_of
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.zone_clock import ZoneClocks
from lovecampaign.store.eligibility.deal_rules import deal_reasons
from lovecampaign.store.eligibility.eligibility import (
    Condition,
    Eligibility,
    Requirement,
    all_met,
    first_unmet,
    require,
)
from lovecampaign.store.eligibility.slots import SlotsByZone, compute_slots
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables import Instant, delivery, subscriber
from lovecampaign.store.tables.slots import fill_slots, fill_zone_clocks, slot, zone_clock

__all__ = ["Disposition", "SlotsByZone", "compute_slots", "disposition_at", "load_slots"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """SQL over everybody whom one email addresses; ``slot`` rows must be laid out before."""

    eligibility: Eligibility
    is_cancelled: bool = False

    @property
    def rows(self) -> sa.FromClause:
        """Everybody beside the slot that is theirs, and beside what their clocks say."""
        joined_at = self.eligibility.joined_at
        subscribers = self.eligibility.subscribers.join(
            slot,
            sa.and_(
                slot.c.email_key == self.eligibility.email.key,
                slot.c.zone == subscriber.c.timezone,
                joined_at >= slot.c.joined_from,
                joined_at < slot.c.joined_before,
            ),
        )
        if not self.keeps_quiet_hours:
            return subscribers
        return subscribers.outerjoin(zone_clock, zone_clock.c.zone == subscriber.c.timezone)

    @property
    def due(self) -> sa.ColumnElement[datetime]:
        joined_at = self.eligibility.joined_at
        joined_later = sa.and_(slot.c.is_due_at_joining, joined_at > slot.c.due)
        return sa.type_coerce(
            sa.case((joined_later, sa.type_coerce(joined_at, Instant)), else_=slot.c.due), Instant
        )

    @property
    def goes_out_at(self) -> sa.ColumnElement[datetime]:
        """When it is due; what is overdue: now, or when the quiet hours end that hold it."""
        overdue = self.eligibility.instant
        whens = [(self.due > self.eligibility.instant, self.due)]
        if self.keeps_quiet_hours:
            whens.append((zone_clock.c.quiet_until.is_not(None), zone_clock.c.quiet_until))
        return sa.type_coerce(sa.case(*whens, else_=overdue), Instant)

    @property
    def is_held(self) -> Condition:
        """Whether quiet hours alone keep it from going out now."""
        if not self.keeps_quiet_hours:
            return sa.false()
        return sa.and_(self.due <= self.eligibility.instant, zone_clock.c.quiet_until.is_not(None))

    @property
    def keeps_quiet_hours(self) -> bool:
        return quiet_hours_of(self.eligibility.campaign, self.eligibility.email) is not None

    @property
    def reason(self) -> sa.ColumnElement[str | None]:
        """Why the person does not get the email; NULL: they do."""
        return first_unmet(self._demands)

    @property
    def is_recipient(self) -> Condition:
        """Whether the person gets the email: there is no reason."""
        return all_met(self._demands)

    @property
    def _demands(self) -> list[Requirement]:
        if self.is_cancelled:
            return [require(sa.false(), SkipReason.CANCELLED)]
        eligibility = replace(self.eligibility, evaluated_at=self.goes_out_at)
        expires_at = slot.c.expires_at
        is_early = sa.or_(expires_at.is_(None), expires_at > self.eligibility.instant)
        deal = deal_reasons(self.eligibility, self.goes_out_at)
        return [
            *eligibility.requirements,
            (slot.c.reason.is_(None), slot.c.reason),
            require(is_early, SkipReason.LATE),
            *(require(sa.not_(condition), reason) for condition, reason in deal),
            require(sa.not_(self._is_day_taken), SkipReason.DAY_TAKEN),
        ]

    # -- subscribers who have a row that nobody has claimed yet

    @property
    def planned_rows(self) -> sa.FromClause:
        """Those rows beside their subscribers, and beside what their clocks say."""
        return self.eligibility.subscribers.join(
            delivery, delivery.c.subscriber_id == subscriber.c.id
        ).join(zone_clock, zone_clock.c.zone == subscriber.c.timezone)

    @property
    def claim_reason(self) -> sa.ColumnElement[str | None]:
        """Why such a row does not go out as it is claimed, now; NULL: it does."""
        return self._reason_of_row(
            self.eligibility, self.eligibility.instant, self._is_clocks_day_taken
        )

    @property
    def expected_reason(self) -> sa.ColumnElement[str | None]:
        """Why such a row will not go out when it is claimed; NULL: it will.

        Quiet hours may hold it, or it waits for another try: whose day that takes is seen then.
        """
        if self.is_cancelled:
            return sa.literal(SkipReason.CANCELLED.value)
        now = self.eligibility.instant
        waits = [(delivery.c.next_try_at > now, delivery.c.next_try_at)]
        if self.keeps_quiet_hours:
            waits.append((zone_clock.c.quiet_until.is_not(None), zone_clock.c.quiet_until))
        goes_out_at = sa.type_coerce(sa.case(*waits, else_=now), Instant)
        is_now = sa.and_(*(sa.not_(condition) for condition, _ in waits))
        eligibility = replace(self.eligibility, evaluated_at=goes_out_at)
        is_day_taken = sa.and_(is_now, self._is_clocks_day_taken)
        return self._reason_of_row(eligibility, goes_out_at, is_day_taken)

    def _reason_of_row(
        self,
        eligibility: Eligibility,
        goes_out_at: sa.ColumnElement[datetime],
        is_day_taken: Condition,
    ) -> sa.ColumnElement[str | None]:
        whens = [
            (subscriber.c.forgotten_at.is_not(None), SkipReason.SUPPRESSED),
            (sa.not_(eligibility.is_addressed), SkipReason.SUPPRESSED),
            (delivery.c.expires_at <= eligibility.instant, SkipReason.LATE),
            *deal_reasons(eligibility, goes_out_at),
        ]
        if eligibility.email.is_one_a_day:
            whens.append((is_day_taken, SkipReason.DAY_TAKEN))
        by_time = sa.case(*((condition, reason.value) for condition, reason in whens))
        return sa.func.coalesce(eligibility.reason, by_time)

    @property
    def _is_clocks_day_taken(self) -> Condition:
        """Whether another email has the day that the reader's clock shows now."""
        other = delivery.alias("other")
        return sa.exists().where(
            other.c.subscriber_id == delivery.c.subscriber_id,
            other.c.campaign_id == delivery.c.campaign_id,
            other.c.local_day == zone_clock.c.local_day,
        )

    # -- subscribers without a row

    def lacks_row(self, email_id: int | sa.ColumnElement[int]) -> Condition:
        """Whether the ledger does not know yet what becomes of this person."""
        has_row = sa.exists().where(
            delivery.c.email_id == email_id, delivery.c.subscriber_id == subscriber.c.id
        )
        return sa.not_(has_row)

    @property
    def _is_day_taken(self) -> Condition:
        """Whether an email that was late already went out on the day for which this one is due.

        What is due now is judged when it is claimed.
        """
        other = delivery.alias("other")
        return sa.and_(
            slot.c.local_day.is_not(None),
            slot.c.due > self.eligibility.instant,
            sa.exists().where(
                other.c.subscriber_id == subscriber.c.id,
                other.c.campaign_id == self.eligibility.campaign_id,
                other.c.local_day == slot.c.local_day,
            ),
        )


def disposition_at(
    campaign: Campaign, email: Email, record: CampaignRecord | None, now: datetime
) -> Disposition:
    """What becomes of an email at an instant; nothing is cancelled that was never recorded."""
    campaign_id = record.id if record else 0
    return Disposition(
        eligibility=Eligibility(campaign=campaign, email=email, campaign_id=campaign_id, now=now),
        is_cancelled=bool(record and email.key in record.cancelled),
    )


def load_slots(
    connection: Connection,
    slots: SlotsByZone,
    emails: Iterable[Email],
    clocks: ZoneClocks | None = None,
) -> None:
    """Give SQL the slots of these emails, in place of those it had, and the zones' clocks.

    Without clocks nobody is held by quiet hours.
    """
    keys = [email.key for email in emails]
    fill_slots(
        connection,
        {zone: {key: by_key[key] for key in keys} for zone, by_key in slots.items()},
    )
    fill_zone_clocks(connection, clocks or {})
