"""Campaign rows of the ledger: create and read them, pause, resume, cancel, restore."""

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
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.ledger.take_back import write_streak
from lovecampaign.store.tables import DeliveryState, campaign, delivery, email

#: The pause reason where none was typed.
BY_HAND = "by the operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRecord:
    """A campaign's row, and its emails' rows by key."""

    id: int
    key: str
    #: Day 1, as of the last send or the first real claim.
    start: date
    first_claim_at: datetime | None
    paused_at: datetime | None
    pause_reason: str | None
    email_ids: Mapping[str, int]
    cancelled: frozenset[str]

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


def record_campaign(database: Database, loaded: Campaign) -> CampaignRecord:
    """Insert or refresh the rows of a campaign and its emails, and read them.

    Raises UsageError where ``start`` was changed after the first real send.
    """
    with database.read() as connection:
        row = connection.execute(sa.select(campaign).where(campaign.c.key == loaded.id)).first()
        record = _read_record(connection, row) if row else None
    if row and record and _is_current(row, record, loaded):  # in nearly all passes: no write
        return record
    with database.write() as connection:
        _insert_missing_rows(connection, loaded)
    with database.write() as connection:
        row = connection.execute(sa.select(campaign).where(campaign.c.key == loaded.id)).one()
        if row.first_claim_at is not None and row.start != loaded.start:
            raise UsageError(
                f"{loaded.file}: start was {row.start} when the first email went out, "
                f"and is {loaded.start} now",
                hint=f"put the old date back, or: lovecampaign new NAME --from {loaded.slug}",
            )
        connection.execute(
            sa.update(campaign)
            .where(campaign.c.id == row.id)
            .values(
                name=loaded.name,
                start=loaded.start,
                language=loaded.language,
                lists=sorted({*(row.lists or ()), *loaded.lists}),
            )
        )
        return _read_record(connection, row)


def find_campaign(database: Database, loaded: Campaign) -> CampaignRecord | None:
    """The campaign's record, read without writing; None before its first planning."""
    with database.read() as connection:
        return read_campaign(connection, loaded.id)


def read_campaign(connection: Connection, key: str) -> CampaignRecord | None:
    """The campaign's record by its ``id``; None before its first planning."""
    row = connection.execute(sa.select(campaign).where(campaign.c.key == key)).one_or_none()
    return _read_record(connection, row) if row else None


def pause(
    connection: Connection,
    campaign_id: int,
    now: datetime,
    reason: str,
    *,
    holds_mail: bool = False,
) -> bool:
    """Stop claiming at once; returns whether it was running. Keeps the first reason.

    ``holds_mail``: the server rejects us, so transactional mail waits too.
    """
    statement = (
        sa.update(campaign)
        .where(campaign.c.id == campaign_id, campaign.c.paused_at.is_(None))
        .values(paused_at=now, pause_reason=reason, pause_holds_mail=int(holds_mail))
    )
    return connection.execute(statement).rowcount > 0


def is_campaign_paused(connection: Connection, campaign_id: int) -> bool:
    """Whether claiming is stopped."""
    statement = sa.select(campaign.c.paused_at).where(campaign.c.id == campaign_id)
    return connection.scalar(statement) is not None


def find_mail_hold(connection: Connection, key: str) -> str | None:
    """Why a campaign's pause holds its transactional mail too; None if it does not."""
    found: str | None = connection.scalar(
        sa.select(campaign.c.pause_reason).where(
            campaign.c.key == key,
            campaign.c.paused_at.is_not(None),
            campaign.c.pause_holds_mail == 1,
        )
    )
    return found


def is_paused_or_cancelled(connection: Connection, campaign_id: int, email_id: int) -> bool:
    """Whether the campaign is paused, or the email cancelled."""
    cancelled_at = connection.scalar(sa.select(email.c.cancelled_at).where(email.c.id == email_id))
    return cancelled_at is not None or is_campaign_paused(connection, campaign_id)


def resume(connection: Connection, campaign_id: int) -> bool:
    """Allow claims again, and count anew what paused it; returns whether it was paused.

    The brake's counters restart too: else the next message would pause the campaign again.
    """
    statement = (
        sa.update(campaign)
        .where(campaign.c.id == campaign_id, campaign.c.paused_at.is_not(None))
        .values(
            paused_at=None,
            pause_reason=None,
            pause_holds_mail=0,
            policy_refusals=0,
            failures_in_a_row=0,
        )
    )
    was_paused = connection.execute(statement).rowcount > 0
    if was_paused:
        connection.execute(
            sa.update(email)
            .where(email.c.campaign_id == campaign_id)
            .values(accepted=0, hard_bounces=0, late_bounces=0, complaints=0, unsubscribes=0)
        )
        write_streak(connection, campaign_id, "")
    return was_paused


def cancel_email(connection: Connection, email_id: int, now: datetime) -> int:
    """Cancel an email for all who have not received it; returns how many were planned."""
    connection.execute(
        sa.update(email)
        .where(email.c.id == email_id, email.c.cancelled_at.is_(None))
        .values(cancelled_at=now)
    )
    return close_if_cancelled(connection, email_id, now)


def restore_email(connection: Connection, email_id: int, now: datetime) -> bool:
    """Undo a cancellation for all for whom the email is not due yet; returns whether it was one.

    Rows that fell due are closed for good. Those that planning made ahead of their time are
    deleted: it makes them again.
    """
    is_changed = (
        connection.execute(
            sa.update(email)
            .where(email.c.id == email_id, email.c.cancelled_at.is_not(None))
            .values(cancelled_at=None)
        ).rowcount
        > 0
    )
    connection.execute(
        sa.delete(delivery).where(
            delivery.c.email_id == email_id,
            delivery.c.state == DeliveryState.CANCELLED.value,
            delivery.c.due > now,
            delivery.c.first_claimed_at.is_(None),
        )
    )
    return is_changed


def close_if_cancelled(connection: Connection, email_id: int, now: datetime) -> int:
    """Close the planned deliveries of a cancelled email; returns how many."""
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
    """The keys of the emails that had been cancelled by an instant."""
    keys = sa.select(email.c.key).where(
        email.c.campaign_id == campaign_id, email.c.cancelled_at <= at
    )
    return frozenset(connection.scalars(keys))


def _insert_missing_rows(connection: Connection, loaded: Campaign) -> None:
    """Insert the rows that do not exist yet; another process may insert the same ones now."""
    find_id = sa.select(campaign.c.id).where(campaign.c.key == loaded.id)
    campaign_id = connection.scalar(find_id)
    if campaign_id is None:
        connection.execute(
            insert_or_ignore(connection, campaign).values(
                key=loaded.id,
                name=loaded.name,
                start=loaded.start,
                language=loaded.language,
                lists=sorted(loaded.lists),
            )
        )
        campaign_id = connection.scalars(find_id).one()
    keys = sa.select(email.c.key).where(email.c.campaign_id == campaign_id)
    known = set(connection.scalars(keys))
    missing = [each.key for each in loaded.emails if each.key not in known]
    if missing:
        rows = [{"campaign_id": campaign_id, "key": key} for key in missing]
        connection.execute(insert_or_ignore(connection, email), rows)


def _is_current(row: Row[Any], record: CampaignRecord, loaded: Campaign) -> bool:
    """Whether the rows say what the campaign's files say."""
    return (
        (row.name, row.start, row.language) == (loaded.name, loaded.start, loaded.language)
        and set(loaded.lists) <= set(row.lists or ())
        and all(each.key in record.email_ids for each in loaded.emails)
    )


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
