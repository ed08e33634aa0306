"""What would a pass find to do, if it began now? Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.disposition import Disposition, disposition_at, load_slots
from lovecampaign.store.eligibility.slots import compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.planning.statements import FINAL_REASONS
from lovecampaign.store.sending.due import count_waiting, find_next_due
from lovecampaign.store.tables import PLANNED, Instant, delivery
from lovecampaign.store.tables.slots import zone_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What is due at an instant."""

    #: How many people each email would be tried for; only emails with somebody.
    people: Mapping[str, int]
    #: Due, and held by their readers' quiet hours.
    held: int
    #: Rows that would be made only to say why somebody does not get an email.
    skipped: int
    #: Rows that wait for another try.
    retry_later: int
    next_due: datetime | None

    @property
    def tried(self) -> int:
        return sum(self.people.values())

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
        record = read_campaign(connection, campaign.id)
        slots = compute_slots(connection, campaign, record)
        load_slots(connection, slots, emails, read_clocks(connection, campaign, now))
        found = {email.key: _look(connection, campaign, email, record, now) for email in emails}
        next_due = find_next_due(connection, campaign, record, keys, now)
    return DryRun(
        people={key: each.tried for key, each in found.items() if each.tried},
        held=sum(each.held for each in found.values()),
        skipped=sum(each.skipped for each in found.values()),
        retry_later=sum(each.retry_later for each in found.values()),
        next_due=min(
            (each for each in (next_due, *(one.held_until for one in found.values())) if each),
            default=None,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is due of one email."""

    tried: int
    held: int
    skipped: int
    retry_later: int
    #: When the first quiet hours end that hold people without a row.
    held_until: datetime | None


def _look(
    connection: Connection,
    campaign: Campaign,
    email: Email,
    record: CampaignRecord | None,
    now: datetime,
) -> _Found:
    """Rows that wait, and people without a row whose moment has come."""
    disposition = disposition_at(campaign, email, record, now)
    email_id = record.email_ids.get(email.key, 0) if record else 0
    new = _count_new(connection, disposition, email_id)
    rows = _count_rows(connection, disposition, email_id)
    held = [each for each in new if each.reason is None and each.is_held]
    held_rows = [each for each in rows if each.is_held]
    waiting = count_waiting(connection, record, {email.key}, now) if record else None
    return _Found(
        tried=_sum(each for each in (*new, *rows) if each.reason is None and not each.is_held),
        held=_sum((*held, *held_rows)),
        skipped=_sum(each for each in new if each.reason in FINAL_REASONS)
        + _sum(each for each in rows if each.reason is not None and not each.is_held),
        retry_later=waiting.retry_later if waiting else 0,
        held_until=min((each.goes_out_at for each in held), default=None),
    )


def _sum(counted: Iterable[sa.Row[Any]]) -> int:
    return sum(each.number for each in counted)


def _count_rows(
    connection: Connection, disposition: Disposition, email_id: int
) -> Sequence[sa.Row[Any]]:
    """Rows that could be claimed: ``number`` by ``reason`` why they would not go out then (None:
    they would) and by whether quiet hours keep them from being looked at at all.
    """
    is_quiet = (
        zone_clock.c.quiet_until.is_not(None) if disposition.keeps_quiet_hours else sa.false()
    )
    reason, is_held = disposition.expected_reason.label("reason"), is_quiet.label("is_held")
    found: sa.Result[Any] = connection.execute(
        sa.select(reason, is_held, sa.func.count().label("number"))
        .select_from(disposition.planned_rows)
        .where(
            delivery.c.email_id == email_id,
            delivery.c.state == PLANNED,
            delivery.c.due <= disposition.eligibility.instant,
            delivery.c.next_try_at <= disposition.eligibility.instant,
        )
        .group_by(reason, *([is_held] if disposition.keeps_quiet_hours else []))
    )
    return found.all()


def _count_new(
    connection: Connection, disposition: Disposition, email_id: int
) -> Sequence[sa.Row[Any]]:
    """People without a row whose moment has come: ``number`` by ``reason`` why they will not get
    it (None: they will) and by whether it ``is_held``; the first ``goes_out_at``.
    """
    reason, is_held = disposition.reason.label("reason"), disposition.is_held.label("is_held")
    first = sa.func.min(disposition.goes_out_at, type_=Instant).label("goes_out_at")
    found: sa.Result[Any] = connection.execute(
        sa.select(reason, is_held, first, sa.func.count().label("number"))
        .select_from(disposition.rows)
        .where(
            disposition.eligibility.is_addressed,
            disposition.due <= disposition.eligibility.instant,
            disposition.lacks_row(email_id),
        )
        .group_by(reason, *([is_held] if disposition.keeps_quiet_hours else []))
    )
    return found.all()
