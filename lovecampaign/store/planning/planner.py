"""What has fallen due, and becomes a row of the ledger?

The future is computed, not stored: rows are made when their moment comes, by set-based
``INSERT … SELECT`` over people and slots. Planning again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.eligibility.slots import SlotsByZone, compute_slots, read_clocks
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.planning.plan_email import EmailPlanner, PlanOptions, PlanResult
from lovecampaign.store.planning.planning_task import PlanningTask
from lovecampaign.store.planning.replan import find_emails_with_unclaimed_rows

__all__ = ["PlanOptions", "PlanResult", "plan_due"]

#: A process remembers what its last passes looked for in vain; another process looks.
_OURS = PlanOptions()


def plan_due(
    database: Database,
    campaign: Campaign,
    record: CampaignRecord,
    emails: Sequence[Email],
    now: datetime,
    options: PlanOptions = _OURS,
) -> PlanResult:
    """Make the rows of everything that is due at ``now`` or within the horizon."""
    with database.read() as connection:
        slots = compute_slots(connection, campaign, record)
        clocks = read_clocks(connection, campaign, now)
        open_emails = _find_open(connection, record, emails, slots)
        untried = find_emails_with_unclaimed_rows(connection, record.email_ids)
    total = PlanResult()
    for email in open_emails:
        task = PlanningTask(
            campaign=campaign, record=record, email=email, slots=slots, clocks=clocks, now=now
        )
        round_ = EmailPlanner(task=task, options=options)
        if email.key in untried:
            round_.drop_moved(database)
        total += round_.plan(database)
    return total


def _find_open(
    connection: Connection, record: CampaignRecord, emails: Sequence[Email], slots: SlotsByZone
) -> list[Email]:
    """Emails that may still reach somebody."""
    planned_at = _read_planned_at(connection, record)
    return [email for email in emails if not _is_over(planned_at.get(email.key), email, slots)]


def _read_planned_at(connection: Connection, record: CampaignRecord) -> dict[str, datetime | None]:
    email = tables.email
    rows = connection.execute(
        sa.select(email.c.key, email.c.planned_at).where(email.c.campaign_id == record.id)
    )
    return {row.key: row.planned_at for row in rows}


def _is_over(planned_at: datetime | None, email: Email, slots: SlotsByZone) -> bool:
    """Whether planning went through everybody after the email was late for all."""
    expiries = [each.expires for by_key in slots.values() for each in by_key[email.key]]
    return planned_at is not None and all(
        expires is not None and planned_at >= expires for expires in expiries
    )
