"""What would a pass find to do, if it began now? Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.store.calendars import read_clocks, work_out_slots
from lovecampaign.store.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.database import Database
from lovecampaign.store.due import count_held, count_waiting, find_next_due
from lovecampaign.store.fate import Fate, lay_out_slots
from lovecampaign.store.plan_statements import FINAL_REASONS
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import Instant, delivery, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
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


def foresee(
    database: Database, campaign: Campaign, emails: Sequence[Email], now: datetime
) -> Foresight:
    """What sending these emails at ``now`` would try, skip and leave for later."""
    keys = {email.key for email in emails}
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        slots = work_out_slots(connection, campaign, record)
        lay_out_slots(connection, slots, emails, read_clocks(connection, campaign, now))
        found = {email.key: _look(connection, campaign, email, record, now) for email in emails}
        next_due = find_next_due(connection, campaign, record, keys, now)
    return Foresight(
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
    new = _count_new(connection, _fate(campaign, email, record, now), record)
    tried = sum(each.number for each in new if each.reason is None and not each.is_held)
    held = [each for each in new if each.reason is None and each.is_held]
    held_rows = retry_later = 0
    if record is not None:
        waiting = count_waiting(connection, record, {email.key}, now)
        held_rows = count_held(connection, campaign, record, email.key, now)
        tried += waiting.remaining - held_rows
        retry_later = waiting.retry_later
    return _Found(
        tried=tried,
        held=held_rows + sum(each.number for each in held),
        skipped=sum(each.number for each in new if each.reason in FINAL_REASONS),
        retry_later=retry_later,
        held_until=min((each.goes_out_at for each in held), default=None),
    )


def _fate(campaign: Campaign, email: Email, record: CampaignRecord | None, now: datetime) -> Fate:
    standing = Standing(
        campaign=campaign, email=email, campaign_id=record.id if record else 0, now=now
    )
    return Fate(standing=standing, is_cancelled=bool(record and email.key in record.cancelled))


def _count_new(
    connection: Connection, fate: Fate, record: CampaignRecord | None
) -> Sequence[sa.Row[Any]]:
    """People without a row whose moment has come: ``number`` by ``reason`` why they will not get
    it (None: they will) and by whether it ``is_held``; the first ``goes_out_at``.
    """
    email_id = record.email_ids.get(fate.standing.email.key, 0) if record else 0
    has_row = sa.exists().where(
        delivery.c.email_id == email_id, delivery.c.subscriber_id == subscriber.c.id
    )
    reason, is_held = fate.reason.label("reason"), fate.is_held.label("is_held")
    first = sa.func.min(fate.goes_out_at, type_=Instant).label("goes_out_at")
    found: sa.Result[Any] = connection.execute(
        sa.select(reason, is_held, first, sa.func.count().label("number"))
        .select_from(fate.rows)
        .where(fate.standing.is_addressed, fate.due <= fate.standing.instant, sa.not_(has_row))
        .group_by(reason, *([is_held] if fate.keeps_quiet_hours else []))
    )
    return found.all()
