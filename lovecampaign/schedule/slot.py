"""Slots: the due time of one email for subscribers of one zone, by joining time.

The slots of an email and a zone fill_gaps all joining times without a gap or an overlap, so each
subscriber has exactly one: planning joins subscribers with slots and inserts due rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from lovecampaign.schedule.reasons import SkipReason

#: The open ends of an interval of joining times, during computation.
EVER_BEFORE = datetime.min.replace(tzinfo=UTC)
EVER_AFTER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One moment for subscribers who joined in ``[joined_from, joined_before)``; None is open.

    All datetimes are aware and in UTC.
    """

    joined_from: datetime | None = None
    joined_before: datetime | None = None
    #: Before quiet hours: lateness counts from here.
    moment: datetime
    #: When it goes out: ``moment`` moved past quiet hours.
    due: datetime
    #: The local day on which it goes out, for emails of which there is one a day.
    day: date | None = None
    #: From this instant on the email is too late for this slot; None: it never is.
    expires: datetime | None = None
    #: Due at joining, if that is after ``due`` (insiders who join late).
    is_due_at_joining: bool = False
    #: The skip reason of the whole slot, if it has no recipients.
    reason: SkipReason | None = None

    def holds(self, joined_at: datetime) -> bool:
        """Whether the slot is for subscribers who joined at that instant."""
        return (self.joined_from is None or self.joined_from <= joined_at) and (
            self.joined_before is None or joined_at < self.joined_before
        )

    def due_for(self, joined_at: datetime) -> datetime:
        """The due time for a subscriber who joined at that instant."""
        return max(self.due, joined_at) if self.is_due_at_joining else self.due


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotTime:
    """The times of one email in one zone, without the joining interval."""

    moment: datetime
    due: datetime
    day: date | None = None
    expires: datetime | None = None

    def slot(
        self,
        joined_from: datetime,
        joined_before: datetime,
        reason: SkipReason | None = None,
        *,
        is_due_at_joining: bool = False,
    ) -> Slot:
        """A slot with these times for the interval ``[joined_from, joined_before)``."""
        return Slot(
            joined_from=None if joined_from == EVER_BEFORE else joined_from,
            joined_before=None if joined_before == EVER_AFTER else joined_before,
            moment=self.moment,
            due=self.due,
            day=self.day,
            expires=self.expires,
            is_due_at_joining=is_due_at_joining,
            reason=reason,
        )


def fill_gaps(slots: Iterable[Slot], rest: SlotTime, reason: SkipReason) -> tuple[Slot, ...]:
    """The given slots, with the gaps between them filled by slots that have this ``reason``.

    They are in the order of joining and do not overlap; empty ones are left out.
    """
    covered: list[Slot] = []
    reached = EVER_BEFORE
    for slot in slots:
        start, end = slot.joined_from or EVER_BEFORE, slot.joined_before or EVER_AFTER
        if start >= end:
            continue
        if reached < start:
            covered.append(rest.slot(reached, start, reason))
        covered.append(slot)
        reached = end
    if reached < EVER_AFTER:
        covered.append(rest.slot(reached, EVER_AFTER, reason))
    return tuple(covered)
