"""Dry run of a pass: counts of what it would send, skip and delay. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.disposition import Disposition
from lovecampaign.store.eligibility.schedule import Schedule, load_schedule
from lovecampaign.store.planning.planning_task import FINAL_REASONS
from lovecampaign.store.reports.ramp import count_in_due_wave
from lovecampaign.store.sending.due import count_waiting, find_next_due, find_planned
from lovecampaign.store.tables import Instant, delivery
from lovecampaign.store.tables.slots import zone_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """The result of a dry run."""

    #: How many messages of each email would be sent; only emails with any.
    recipients: Mapping[str, int]
    #: Due, and delayed by quiet hours.
    held: int
    #: Rows that would be inserted as skipped.
    skipped: int
    #: Rows that wait for another try.
    retry_later: int
    next_due: datetime | None
    #: How many miss each email because it is too late; only emails with any.
    late: Mapping[str, int] = field(default_factory=dict)

    @property
    def tried(self) -> int:
        return sum(self.recipients.values())

    @property
    def remaining(self) -> int:
        """Due and not tried yet."""
        return self.tried + self.held


def dry_run_send(
    database: Database, campaign: Campaign, emails: Sequence[Email], now: datetime
) -> DryRun:
    """What sending these emails at ``now`` would try, skip and leave for later."""
    keys = {email.key for email in emails}
    with database.read() as connection:
        schedule = load_schedule(connection, campaign, emails, now)
        record = schedule.record
        planned = find_planned(connection, record) if record else ()
        counts = {
            email.key: _count_due(connection, schedule, email, has_rows=email.key in planned)
            for email in emails
        }
        next_due = find_next_due(connection, campaign, record, keys, now)
    return DryRun(
        recipients={key: each.tried for key, each in counts.items() if each.tried},
        late={key: each.late for key, each in counts.items() if each.late},
        held=sum(each.held for each in counts.values()),
        skipped=sum(each.skipped for each in counts.values()),
        retry_later=sum(each.retry_later for each in counts.values()),
        next_due=min(
            (each for each in (next_due, *(one.held_until for one in counts.values())) if each),
            default=None,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _DueCounts:
    """The counts of one email."""

    tried: int
    held: int
    skipped: int
    late: int
    retry_later: int
    #: The first end of quiet hours for subscribers without a row.
    held_until: datetime | None


def _count_due(
    connection: Connection, schedule: Schedule, email: Email, *, has_rows: bool
) -> _DueCounts:
    """Due rows, and due subscribers without a row."""
    record, now, disposition = schedule.record, schedule.now, schedule.disposition_of(email)
    email_id = record.email_ids.get(email.key, 0) if record else 0
    is_due = email.key in schedule.due_keys
    new = _count_new(connection, disposition, email_id) if is_due else ()
    rows = _count_rows(connection, disposition, email_id) if has_rows else ()
    held = [each for each in new if each.reason is None and each.is_held]
    held_rows = [each for each in rows if each.reason is None and each.is_held]
    waiting = count_waiting(connection, record, {email.key}, now) if record and has_rows else None
    counts = _DueCounts(
        tried=_sum(each for each in new if each.reason is None and not each.is_held),
        held=_sum(held),
        skipped=_sum(each for each in new if each.reason in FINAL_REASONS),
        late=_sum(each for each in (*new, *rows) if each.reason == SkipReason.LATE),
        retry_later=waiting.retry_later if waiting else 0,
        held_until=min((each.goes_out_at for each in held), default=None),
    )
    if email.role is Role.INVITATION:
        counts = _limit_to_wave(counts, count_in_due_wave(connection, schedule))
    return replace(
        counts,
        tried=counts.tried
        + _sum(each for each in rows if each.reason is None and not each.is_held),
        held=counts.held + _sum(held_rows),
        skipped=counts.skipped
        + _sum(each for each in rows if each.reason is not None and not each.is_held),
    )


def _limit_to_wave(counts: _DueCounts, size: int) -> _DueCounts:
    """Of subscribers without a row only the wave; the others get none, and are not late."""
    tried = min(counts.tried, size)
    return replace(counts, tried=tried, held=min(counts.held, size - tried), skipped=0, late=0)


def _sum(counted: Iterable[sa.Row[Any]]) -> int:
    return sum(each.number for each in counted)


def _count_rows(
    connection: Connection, disposition: Disposition, email_id: int
) -> Sequence[sa.Row[Any]]:
    """The ``number`` of due rows, by expected skip ``reason`` (None: they would be sent) and by
    ``is_held``: whether quiet hours delay them.
    """
    keeps_quiet = disposition.keeps_quiet_hours
    is_quiet = zone_clock.c.quiet_until.is_not(None) if keeps_quiet else sa.false()
    reason, is_held = disposition.expected_reason.label("reason"), is_quiet.label("is_held")
    now = disposition.eligibility.instant
    counts: sa.Result[Any] = connection.execute(
        disposition.select_planned(email_id, reason, is_held, sa.func.count().label("number"))
        .where(delivery.c.due <= now, delivery.c.next_try_at <= now)
        .group_by(reason, *([is_held] if keeps_quiet else []))
    )
    return counts.all()


def _count_new(
    connection: Connection, disposition: Disposition, email_id: int
) -> Sequence[sa.Row[Any]]:
    """The ``number`` of due subscribers without a row, by skip ``reason`` (None: recipients) and
    by ``is_held``; the first ``goes_out_at``.
    """
    reason, is_held = disposition.reason.label("reason"), disposition.is_held.label("is_held")
    first = sa.func.min(disposition.goes_out_at, type_=Instant).label("goes_out_at")
    number = sa.func.count().label("number")
    counts: sa.Result[Any] = connection.execute(
        disposition.select_without_row(email_id, reason, is_held, first, number)
        .where(disposition.due <= disposition.eligibility.instant)
        .group_by(reason, *([is_held] if disposition.keeps_quiet_hours else []))
    )
    return counts.all()
