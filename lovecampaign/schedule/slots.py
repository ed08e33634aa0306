"""When does a person of one zone get one email, given when they joined?

A slot is a moment for everybody of a zone who joined inside an interval. The slots of an
email and a zone cover all of time without a gap or an overlap, so each person stands in
exactly one: the ledger joins people with slots and inserts what falls due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lovecampaign.schedule.reasons import SkipReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One moment for who joined in ``[joined_from, joined_before)``; None is open-ended.

    All datetimes are aware and in UTC.
    """

    joined_from: datetime | None = None
    joined_before: datetime | None = None
    #: Before quiet hours: lateness counts from here.
    moment: datetime
    #: When it goes out: ``moment`` moved past quiet hours.
    due: datetime
    #: From this instant on the email is too late for this slot; None: it never is.
    expires: datetime | None = None
    #: Due as soon as the person joined, where that is after ``due`` (insiders who join late).
    is_due_at_joining: bool = False
    #: Set where nobody of this slot gets the email.
    reason: SkipReason | None = None
