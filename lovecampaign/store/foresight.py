"""What would a pass find to do, if it began now? Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.store.campaigns import CampaignRecord, read_campaign
from lovecampaign.store.database import Database
from lovecampaign.store.due import count_waiting, find_next_due
from lovecampaign.store.fate import Fate, lay_out_slots, work_out_slots
from lovecampaign.store.planning import FINAL_REASONS
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import delivery, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What is due at an instant."""

    #: How many people each email would be tried for; only emails with somebody.
    people: Mapping[str, int]
    #: Rows that would be made only to say why somebody does not get an email.
    skipped: int
    #: Rows that wait for another try.
    retry_later: int
    next_due: datetime | None

    @property
    def remaining(self) -> int:
        return sum(self.people.values())


def foresee(
    database: Database, campaign: Campaign, emails: Sequence[Email], now: datetime
) -> Foresight:
    """What sending these emails at ``now`` would try, skip and leave for later."""
    with database.read() as connection:
        record = read_campaign(connection, campaign.id)
        slots = work_out_slots(connection, campaign, record)
        lay_out_slots(connection, slots, emails)
        people: dict[str, int] = {}
        skipped = retry_later = 0
        for email in emails:
            new = _count_new(connection, _fate(campaign, email, record, now), record)
            skipped += sum(new.get(reason.value, 0) for reason in FINAL_REASONS)
            people[email.key] = new.get(None, 0)
            if record is not None:
                waiting = count_waiting(connection, record, {email.key}, now)
                people[email.key] += waiting.remaining
                retry_later += waiting.retry_later
        keys = {email.key for email in emails}
        next_due = find_next_due(connection, campaign, record, keys, now)
    return Foresight(
        people={key: number for key, number in people.items() if number},
        skipped=skipped,
        retry_later=retry_later,
        next_due=next_due,
    )


def _fate(campaign: Campaign, email: Email, record: CampaignRecord | None, now: datetime) -> Fate:
    standing = Standing(
        campaign=campaign, email=email, campaign_id=record.id if record else 0, now=now
    )
    return Fate(standing=standing, is_cancelled=bool(record and email.key in record.cancelled))


def _count_new(
    connection: Connection, fate: Fate, record: CampaignRecord | None
) -> Mapping[str | None, int]:
    """People without a row whose moment has come, by why they will not get it; None: they will."""
    email_id = record.email_ids.get(fate.standing.email.key, 0) if record else 0
    has_row = sa.exists().where(
        delivery.c.email_id == email_id, delivery.c.subscriber_id == subscriber.c.id
    )
    reason = fate.reason.label("reason")
    rows: sa.Result[Any] = connection.execute(
        sa.select(reason, sa.func.count().label("number"))
        .select_from(fate.rows)
        .where(fate.standing.is_addressed, fate.due <= fate.standing.now, sa.not_(has_row))
        .group_by(reason)
    )
    return {row.reason: row.number for row in rows}
