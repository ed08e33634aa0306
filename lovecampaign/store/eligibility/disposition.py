"""SQL for an email's disposition per subscriber: due time or skip reason.

Joins :class:`~lovecampaign.store.eligibility.eligibility.Eligibility` with the temporary tables of
slots and zone clocks (:mod:`~lovecampaign.store.tables.slots`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Email
from lovecampaign.schedule.quiet import ZoneClocks, quiet_hours_of
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.eligibility.deal_reasons import deal_reasons
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.gifts_to_come import count_gifts_to_come
from lovecampaign.store.eligibility.precedence import (
    has_own_letter,
    is_over,
    is_replaced,
    newer_launch_emails,
)
from lovecampaign.store.eligibility.requirements import (
    Condition,
    Requirement,
    all_met,
    first_unmet,
    require,
)
from lovecampaign.store.eligibility.slots import (
    SlotsByZone,
)
from lovecampaign.store.tables import PLANNED, Instant, delivery, subscriber
from lovecampaign.store.tables.slots import fill_slots, fill_zone_clocks, slot, zone_clock

_other = delivery.alias("other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """SQL over the subscribers that one email addresses; needs :func:`load_slots` first."""

    eligibility: Eligibility
    is_cancelled: bool = False
    #: The emails that are due in a zone, if their slots are loaded: one of them may take the day.
    due_keys: Collection[str] = ()

    @property
    def rows(self) -> sa.FromClause:
        """Subscribers joined with their slot and the clock of their zone."""
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
        """When it is due; if overdue: now, or the end of the current quiet hours."""
        overdue = self.eligibility.instant
        whens = [(self.due > self.eligibility.instant, self.due)]
        if self.keeps_quiet_hours:
            whens.append((zone_clock.c.quiet_until.is_not(None), zone_clock.c.quiet_until))
        return sa.type_coerce(sa.case(*whens, else_=overdue), Instant)

    @property
    def is_held(self) -> Condition:
        """Whether it is due and only quiet hours delay it."""
        if not self.keeps_quiet_hours:
            return sa.false()
        return sa.and_(self.due <= self.eligibility.instant, zone_clock.c.quiet_until.is_not(None))

    @property
    def keeps_quiet_hours(self) -> bool:
        return quiet_hours_of(self.eligibility.campaign, self.eligibility.email) is not None

    @property
    def reason(self) -> sa.ColumnElement[str | None]:
        """The skip reason; NULL for a recipient."""
        return first_unmet(self._requirements)

    @property
    def is_recipient(self) -> Condition:
        """Whether the subscriber gets the email: there is no skip reason."""
        return all_met(self._requirements)

    @property
    def _requirements(self) -> list[Requirement]:
        if self.is_cancelled:
            return [require(sa.false(), SkipReason.CANCELLED)]
        eligibility = replace(self.eligibility, evaluated_at=self.goes_out_at)
        expires_at = slot.c.expires_at
        is_early = sa.or_(expires_at.is_(None), expires_at > self.eligibility.instant)
        deal = deal_reasons(self.eligibility, self.goes_out_at)
        return [
            *eligibility.requirements,
            *self._require_gifts,
            (slot.c.reason.is_(None), slot.c.reason),
            require(is_early, SkipReason.LATE),
            *self._require_newest,
            *(require(sa.not_(condition), reason) for condition, reason in deal),
            require(sa.not_(self._is_day_taken), SkipReason.DAY_TAKEN),
        ]

    @property
    def _require_gifts(self) -> list[Requirement]:
        """Before a launch email's time: the letters to come until then count as gifts, too."""
        eligibility = self.eligibility
        wanted, starts = eligibility.min_gifts, eligibility.email.instant
        if not wanted:
            return []
        enough = sa.or_(
            eligibility.instant >= sa.literal(starts, Instant),
            replace(eligibility, evaluated_at=self.goes_out_at).is_insider,
            eligibility.gifts + count_gifts_to_come(eligibility) >= wanted,
        )
        return [require(enough, SkipReason.NOT_YET_GIVEN)]

    @property
    def _require_newest(self) -> list[Requirement]:
        eligibility = self.eligibility
        if newer_launch_emails(eligibility.campaign, eligibility.email):
            return [require(sa.not_(is_replaced(eligibility)), SkipReason.LATE)]
        if eligibility.email.is_one_a_day and eligibility.email.key in self.due_keys:
            has_own = has_own_letter(eligibility, self.due_keys)
            gives_way = sa.and_(self.due <= eligibility.instant, has_own)
            return [require(sa.not_(gives_way), SkipReason.DAY_TAKEN)]
        return []

    # -- subscribers with a planned row that is not claimed yet

    @property
    def planned_rows(self) -> sa.FromClause:
        """Planned rows joined with their subscribers and the clocks of their zones."""
        return self.eligibility.subscribers.join(
            delivery, delivery.c.subscriber_id == subscriber.c.id
        ).join(zone_clock, zone_clock.c.zone == subscriber.c.timezone)

    @property
    def claim_reason(self) -> sa.ColumnElement[str | None]:
        """Why a planned row is skipped when it is claimed now; NULL if it is sent."""
        return self._reason_of_row(
            self.eligibility, self.eligibility.instant, self._is_clocks_day_taken
        )

    @property
    def expected_reason(self) -> sa.ColumnElement[str | None]:
        """Why a planned row will be skipped when it is claimed; NULL if it will be sent.

        If quiet hours or a retry delay it, the one-email-a-day rule is checked at that time.
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
            (is_over(eligibility), SkipReason.LATE),
            *self._newer_than_row,
            *deal_reasons(eligibility, goes_out_at),
        ]
        if eligibility.email.is_one_a_day:
            whens.append((is_day_taken, SkipReason.DAY_TAKEN))
        by_time = sa.case(*((condition, reason.value) for condition, reason in whens))
        return sa.func.coalesce(eligibility.reason, by_time)

    @property
    def _newer_than_row(self) -> list[tuple[Condition, SkipReason]]:
        """A row without an end is one that the operator made due (``retry``)."""
        eligibility, has_end = self.eligibility, delivery.c.expires_at.is_not(None)
        if newer_launch_emails(eligibility.campaign, eligibility.email):
            return [(sa.and_(has_end, is_replaced(eligibility)), SkipReason.LATE)]
        if self.due_keys and eligibility.email.is_one_a_day:
            is_due = delivery.c.due <= eligibility.instant
            gives_way = sa.and_(is_due, has_own_letter(eligibility, self.due_keys))
            return [(gives_way, SkipReason.DAY_TAKEN)]
        return []

    @property
    def _is_clocks_day_taken(self) -> Condition:
        """Whether another email has taken the subscriber's current local day."""
        return sa.exists().where(
            _other.c.subscriber_id == delivery.c.subscriber_id,
            _other.c.campaign_id == delivery.c.campaign_id,
            _other.c.local_day == zone_clock.c.local_day,
        )

    def select_planned(self, email_id: int, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """A query over the planned rows of the email, also those that failed before."""
        return (
            sa.select(*columns)
            .select_from(self.planned_rows)
            .where(delivery.c.email_id == email_id, delivery.c.state == PLANNED)
        )

    # -- subscribers without a row

    def select_without_row(
        self, email_id: int | sa.ColumnElement[int], *columns: sa.ColumnElement[Any]
    ) -> sa.Select[Any]:
        """A query over the addressed subscribers who have no row of the email."""
        has_row = sa.exists().where(
            delivery.c.email_id == email_id, delivery.c.subscriber_id == subscriber.c.id
        )
        return (
            sa.select(*columns)
            .select_from(self.rows)
            .where(self.eligibility.is_addressed, sa.not_(has_row))
        )

    @property
    def _is_day_taken(self) -> Condition:
        """Whether another email was sent late, on the day on which this one will be due.

        For an email that is due now, this is checked when it is claimed.
        """
        return sa.and_(
            slot.c.local_day.is_not(None),
            slot.c.due > self.eligibility.instant,
            sa.exists().where(
                _other.c.subscriber_id == subscriber.c.id,
                _other.c.campaign_id == self.eligibility.campaign_id,
                _other.c.local_day == slot.c.local_day,
            ),
        )


def load_slots(
    connection: Connection,
    slots: SlotsByZone,
    emails: Iterable[Email],
    clocks: ZoneClocks | None = None,
    *,
    keeps_others: bool = False,
) -> None:
    """Replace the temporary tables with the slots of these emails and the zones' clocks.

    Without clocks no quiet hours apply now. With ``keeps_others``, slots of other emails may stay.
    """
    keys = [email.key for email in emails]
    fill_slots(
        connection,
        {zone: {key: by_key[key] for key in keys} for zone, by_key in slots.items()},
        keeps_others=keeps_others,
    )
    fill_zone_clocks(connection, clocks or {})
