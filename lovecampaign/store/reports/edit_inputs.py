"""Reads what the effects of an edit are computed from: the samples' outcomes and final rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.store.eligibility.classes import is_sample
from lovecampaign.store.eligibility.eligibility import RECEIVED
from lovecampaign.store.eligibility.schedule import load_schedule
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.tables import PLANNED, delivery, frozen_content, subscriber
from lovecampaign.store.tables.slots import sample

#: When an email goes out, or why it does not.
Outcome: TypeAlias = tuple[datetime, str | None]
#: Emails by key, then samples by the subscriber's id.
Outcomes: TypeAlias = Mapping[str, Mapping[int, Outcome]]
#: By the subscriber's id and the email's key: when it was received; None: it never is.
FinalRows: TypeAlias = Mapping[int, Mapping[str, datetime | None]]


def read_frozen_keys(connection: Connection, record: CampaignRecord | None) -> frozenset[str]:
    if record is None:
        return frozenset()
    ids = set(connection.scalars(sa.select(frozen_content.c.email_id).distinct()))
    return frozenset(key for key, id_ in record.email_ids.items() if id_ in ids)


def read_outcomes(
    connection: Connection, campaign: Campaign, record: CampaignRecord | None, now: datetime
) -> Outcomes:
    """Of the samples without a row that no edit changes."""
    ids = record.email_ids if record else {}
    schedule = load_schedule(connection, campaign, campaign.scheduled_emails, now)
    outcomes: dict[str, Mapping[int, Outcome]] = {}
    for email in campaign.scheduled_emails:
        disposition = schedule.disposition_of(email)
        rows: sa.Result[Any] = connection.execute(
            sa.select(
                subscriber.c.id,
                disposition.goes_out_at.label("at"),
                disposition.reason.label("reason"),
            )
            .select_from(disposition.rows)
            .where(disposition.eligibility.is_addressed, is_sample)
            .where(~sa.exists().where(*_is_final(ids.get(email.key))))
        )
        outcomes[email.key] = {row.id: (row.at, row.reason) for row in rows}
    return outcomes


def _is_final(email_id: int | None) -> Sequence[sa.ColumnElement[bool]]:
    """Whether the subscriber has a row of an email that no edit changes."""
    return (
        delivery.c.email_id == (email_id or 0),
        delivery.c.subscriber_id == subscriber.c.id,
        delivery.c.state != PLANNED,
    )


def read_final_rows(connection: Connection, record: CampaignRecord | None) -> FinalRows:
    """The samples' rows that no edit changes: claimed, sent, skipped …"""
    if record is None:
        return {}
    keys = {id_: key for key, id_ in record.email_ids.items()}
    found: dict[int, dict[str, datetime | None]] = defaultdict(dict)
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            delivery.c.subscriber_id, delivery.c.email_id, delivery.c.state, delivery.c.claimed_at
        ).where(
            delivery.c.email_id.in_(keys),
            delivery.c.subscriber_id.in_(sa.select(sample.c.subscriber_id)),
            delivery.c.state != PLANNED,
        )
    )
    for row in rows:
        is_received = row.state in RECEIVED
        found[row.subscriber_id][keys[row.email_id]] = row.claimed_at if is_received else None
    return found
