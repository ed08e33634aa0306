"""What does the ledger know of a campaign as a whole: begun, paused, cancelled, frozen?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from lovecampaign.campaign.model import Campaign
from lovecampaign.errors import UsageError
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database import Database
from lovecampaign.store.tables import DeliveryState, campaign, delivery, email, frozen_content

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenContent:
    """What an email says since its first real claim."""

    fingerprint: str
    #: As the render room wrote it down.
    content: str
    frozen_at: datetime


def record_campaign(database: Database, found: Campaign) -> CampaignRecord:
    """Make or refresh the rows of a campaign and its emails, and read them.

    Raises UsageError where ``start`` was changed after the first real send.
    """
    _insert_missing_rows(database, found)
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
    cancelled = connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.email_id == email_id,
            delivery.c.state == DeliveryState.PLANNED.value,
        )
        .values(
            state=DeliveryState.CANCELLED.value,
            reason=SkipReason.CANCELLED.value,
            settled_at=now,
        )
    )
    return cancelled.rowcount


def list_called_off(connection: Connection, campaign_id: int, at: datetime) -> frozenset[str]:
    """The keys of the emails that had been called off by an instant."""
    keys = sa.select(email.c.key).where(
        email.c.campaign_id == campaign_id, email.c.cancelled_at <= at
    )
    return frozenset(connection.scalars(keys))


def find_frozen(connection: Connection, email_id: int) -> FrozenContent | None:
    """What the email says since its first real claim, with the newest accepted edit."""
    row = connection.execute(
        sa.select(frozen_content)
        .where(frozen_content.c.email_id == email_id)
        .order_by(frozen_content.c.frozen_at.desc(), frozen_content.c.id.desc())
        .limit(1)
    ).one_or_none()
    return _as_frozen(row) if row else None


def find_frozen_at(connection: Connection, email_id: int, at: datetime) -> FrozenContent | None:
    """What the email said at an instant: the first words there were, if it is before them."""
    words = sa.select(frozen_content).where(frozen_content.c.email_id == email_id)
    newest, oldest = frozen_content.c.frozen_at.desc(), frozen_content.c.frozen_at
    until_then = words.where(frozen_content.c.frozen_at <= at)
    row = (
        connection.execute(until_then.order_by(newest, frozen_content.c.id.desc())).first()
        or connection.execute(words.order_by(oldest, frozen_content.c.id)).first()
    )
    return _as_frozen(row) if row else None


def freeze(
    connection: Connection,
    email_id: int,
    content: FrozenContent,
    accepted_by: str = "",
) -> None:
    """Keep what an email says. The newest counts; going back to an older text makes it newest."""
    connection.execute(
        sa.delete(frozen_content).where(
            frozen_content.c.email_id == email_id,
            frozen_content.c.fingerprint == content.fingerprint,
        )
    )
    connection.execute(
        sa.insert(frozen_content).values(
            email_id=email_id,
            fingerprint=content.fingerprint,
            content=content.content,
            frozen_at=content.frozen_at,
            accepted_by=accepted_by,
        )
    )


def _as_frozen(row: Row[Any]) -> FrozenContent:
    return FrozenContent(fingerprint=row.fingerprint, content=row.content, frozen_at=row.frozen_at)


def _insert_missing_rows(database: Database, found: Campaign) -> None:
    try:
        with database.write() as connection:
            _insert_missing(connection, found)
    except sa.exc.IntegrityError:
        # Another process inserted the same rows meanwhile; they are there, and nothing is lost.
        with database.write() as connection:
            _insert_missing(connection, found)


def _insert_missing(connection: Connection, found: Campaign) -> None:
    known = connection.scalar(sa.select(campaign.c.id).where(campaign.c.key == found.id))
    if known is None:
        known = connection.execute(
            sa.insert(campaign)
            .values(
                key=found.id,
                name=found.name,
                start=found.start,
                language=found.language,
                lists=sorted(found.lists),
            )
            .returning(campaign.c.id)
        ).scalar_one()
    keys = set(connection.scalars(sa.select(email.c.key).where(email.c.campaign_id == known)))
    missing = [each.key for each in found.emails if each.key not in keys]
    if missing:
        rows = [{"campaign_id": known, "key": key} for key in missing]
        connection.execute(sa.insert(email), rows)


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
