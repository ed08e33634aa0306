"""What does the ledger know of a campaign as a whole: begun, paused, called off?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.errors import UsageError
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaign_rows import insert_missing_rows
from lovecampaign.store.tables import DeliveryState, campaign, delivery, email

#: Why a campaign is paused where no reason was typed.
BY_HAND = "by the operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRecord:
    """A campaign's row, and its emails' rows by key."""

    id: int
    key: str
    #: Day 1, as the last send or the first real claim knew it.
    start: date
    first_claim_at: datetime | None
    paused_at: datetime | None
    pause_reason: str | None
    email_ids: Mapping[str, int]
    cancelled: frozenset[str]

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


def record_campaign(database: Database, found: Campaign) -> CampaignRecord:
    """Make or refresh the rows of a campaign and its emails, and read them.

    Raises UsageError where ``start`` was changed after the first real send.
    """
    insert_missing_rows(database, found)
    with database.write() as connection:
        row = _read_row(connection, found.id)
        if row.first_claim_at is not None and row.start != found.start:
            raise UsageError(
                f"{found.file}: start was {row.start} when the first email went out, "
                f"and is {found.start} now",
                hint=f"put the old date back, or: lovecampaign new NAME --from {found.slug}",
            )
        connection.execute(
            sa.update(campaign)
            .where(campaign.c.id == row.id)
            .values(
                name=found.name,
                start=found.start,
                language=found.language,
                lists=sorted({*(row.lists or ()), *found.lists}),
            )
        )
        return _read_record(connection, row)


def find_campaign(database: Database, found: Campaign) -> CampaignRecord | None:
    """What the ledger knows, without writing; None for a campaign it has not met."""
    with database.read() as connection:
        return read_campaign(connection, found.id)


def read_campaign(connection: Connection, key: str) -> CampaignRecord | None:
    """What the ledger knows of a campaign, by its ``id``; None before its first planning."""
    row = connection.execute(sa.select(campaign).where(campaign.c.key == key)).one_or_none()
    return _read_record(connection, row) if row else None


def pause(connection: Connection, campaign_id: int, now: datetime, reason: str) -> bool:
    """Stop claiming at once; tells whether it was going before. Keeps the first reason."""
    statement = (
        sa.update(campaign)
        .where(campaign.c.id == campaign_id, campaign.c.paused_at.is_(None))
        .values(paused_at=now, pause_reason=reason)
    )
    return connection.execute(statement).rowcount > 0


def is_campaign_paused(connection: Connection, campaign_id: int) -> bool:
    """Whether nobody may claim anything of it now."""
    paused_at = connection.scalar(
        sa.select(campaign.c.paused_at).where(campaign.c.id == campaign_id)
    )
    return paused_at is not None


def is_paused_or_cancelled(connection: Connection, campaign_id: int, email_id: int) -> bool:
    """Whether the campaign is paused, or the email cancelled."""
    found = sa.select(email.c.cancelled_at).where(email.c.id == email_id)
    is_cancelled = connection.scalar(found) is not None
    return is_cancelled or is_campaign_paused(connection, campaign_id)


def resume(connection: Connection, campaign_id: int) -> bool:
    """Let claims go on, with every counter that paused it at zero; tells if it was paused."""
    statement = (
        sa.update(campaign)
        .where(campaign.c.id == campaign_id, campaign.c.paused_at.is_not(None))
        .values(paused_at=None, pause_reason=None, policy_refusals=0, failures_in_a_row=0)
    )
    return connection.execute(statement).rowcount > 0


def cancel_email(connection: Connection, email_id: int, now: datetime) -> int:
    """Call an email off for everyone who hasn't got it; returns how many were planned."""
    connection.execute(
        sa.update(email)
        .where(email.c.id == email_id, email.c.cancelled_at.is_(None))
        .values(cancelled_at=now)
    )
    return close_if_cancelled(connection, email_id, now)


def close_if_cancelled(connection: Connection, email_id: int, now: datetime) -> int:
    """Close what is planned of an email that was called off; returns how many deliveries."""
    is_cancelled = sa.exists().where(email.c.id == email_id, email.c.cancelled_at.is_not(None))
    closed = connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.email_id == email_id,
            delivery.c.state == DeliveryState.PLANNED.value,
            is_cancelled,
        )
        .values(
            state=DeliveryState.CANCELLED.value,
            reason=SkipReason.CANCELLED.value,
            settled_at=now,
        )
    )
    return closed.rowcount


def list_cancelled(connection: Connection, campaign_id: int, at: datetime) -> frozenset[str]:
    """The keys of the emails that had been called off by an instant."""
    keys = sa.select(email.c.key).where(
        email.c.campaign_id == campaign_id, email.c.cancelled_at <= at
    )
    return frozenset(connection.scalars(keys))


def _read_row(connection: Connection, key: str) -> Row[Any]:
    return connection.execute(sa.select(campaign).where(campaign.c.key == key)).one()


def _read_record(connection: Connection, row: Row[Any]) -> CampaignRecord:
    emails = connection.execute(
        sa.select(email.c.id, email.c.key, email.c.cancelled_at).where(
            email.c.campaign_id == row.id
        )
    ).all()
    return CampaignRecord(
        id=row.id,
        key=row.key,
        start=row.start,
        first_claim_at=row.first_claim_at,
        paused_at=row.paused_at,
        pause_reason=row.pause_reason,
        email_ids={each.key: each.id for each in emails},
        cancelled=frozenset(each.key for each in emails if each.cancelled_at is not None),
    )
