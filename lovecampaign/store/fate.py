"""What becomes of an email for each person: when is it due, and why do they not get it?

Joins how people stand (:mod:`~lovecampaign.store.standing`) with when things happen
(:mod:`~lovecampaign.store.slot_table`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.schedule.instants import effective_zone
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.schedule.slots import Slot, closes_at, plan_zone
from lovecampaign.store.campaigns import CampaignRecord
from lovecampaign.store.slot_table import fill_slots, slot, zones_in_use
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import Instant, delivery, subscriber

#: Slots by the zone as stored ('' for none), then by the email's key.
SlotsByZone: TypeAlias = Mapping[str, Mapping[str, tuple[Slot, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """SQL over everybody whom one email addresses; ``slot`` rows must be laid out before."""

    standing: Standing
    is_cancelled: bool = False

    @property
    def rows(self) -> sa.FromClause:
        """Everybody beside the slot that is theirs."""
        joined_at = self.standing.joined_at
        return self.standing.people.join(
            slot,
            sa.and_(
                slot.c.email_key == self.standing.email.key,
                slot.c.zone == subscriber.c.timezone,
                joined_at >= slot.c.joined_from,
                joined_at < slot.c.joined_before,
            ),
        )

    @property
    def due(self) -> sa.ColumnElement[datetime]:
        joined_at = self.standing.joined_at
        joined_later = sa.and_(slot.c.is_due_at_joining, joined_at > slot.c.due)
        return sa.type_coerce(
            sa.case((joined_later, sa.type_coerce(joined_at, Instant)), else_=slot.c.due), Instant
        )

    @property
    def reason(self) -> sa.ColumnElement[str | None]:
        """Why the person does not get the email; NULL: they do."""
        if self.is_cancelled:
            return sa.literal(SkipReason.CANCELLED.value)
        now = sa.literal(self.standing.now, Instant)
        whens = [
            (slot.c.reason.is_not(None), slot.c.reason),
            (slot.c.expires_at <= now, sa.literal(SkipReason.LATE.value)),
        ]
        closes = closes_at(self.standing.campaign, self.standing.email)
        if closes is not None:
            closing = sa.literal(closes, Instant)
            is_closed = self._goes_out_at >= closing
            whens.append((is_closed, sa.literal(SkipReason.DEAL_CLOSED.value)))
        whens.append((self._is_day_taken, sa.literal(SkipReason.DAY_TAKEN.value)))
        standing = replace(self.standing, judged_at=self._goes_out_at)
        return sa.func.coalesce(standing.reason, sa.case(*whens))

    @property
    def _goes_out_at(self) -> sa.ColumnElement[datetime]:
        now = sa.literal(self.standing.now, Instant)
        return sa.type_coerce(sa.case((self.due > now, self.due), else_=now), Instant)

    @property
    def _is_day_taken(self) -> sa.ColumnElement[bool]:
        """Whether an email that was late already went out on the day for which this one is due.

        What is due now is judged when it is claimed.
        """
        other = delivery.alias("other")
        return sa.and_(
            slot.c.local_day.is_not(None),
            slot.c.due > self.standing.now,
            sa.exists().where(
                other.c.subscriber_id == subscriber.c.id,
                other.c.campaign_id == self.standing.campaign_id,
                other.c.local_day == slot.c.local_day,
            ),
        )


def work_out_slots(
    connection: Connection, campaign: Campaign, record: CampaignRecord | None
) -> SlotsByZone:
    """The slots of every scheduled email, for every zone that a subscriber has."""
    founders_until = record.first_claim_at if record else None
    question = _Question(campaign, tuple(zones_in_use(connection)), founders_until)
    return _memo.answer(question)


class _Question(NamedTuple):
    campaign: Campaign
    zones: tuple[str, ...]
    founders_until: datetime | None

    def is_same(self, other: _Question) -> bool:
        return self.campaign is other.campaign and self[1:] == other[1:]


class _Memo:
    """The last answer: a pass asks three times, and a month in 40 zones takes 50 ms."""

    def __init__(self) -> None:
        self._last: tuple[_Question, SlotsByZone] | None = None

    def answer(self, question: _Question) -> SlotsByZone:
        last = self._last
        if last is not None and last[0].is_same(question):
            return last[1]
        campaign, zones, founders_until = question
        slots = {
            zone: plan_zone(campaign, effective_zone(zone, campaign), founders_until)
            for zone in zones
        }
        self._last = (question, slots)
        return slots


_memo = _Memo()


def lay_out_slots(connection: Connection, slots: SlotsByZone, emails: Iterable[Email]) -> None:
    """Give SQL the slots of these emails, in place of those it had."""
    keys = [email.key for email in emails]
    fill_slots(
        connection,
        {zone: {key: by_key[key] for key in keys} for zone, by_key in slots.items()},
    )
