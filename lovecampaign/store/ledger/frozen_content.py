"""Frozen content: what an email says since its first real claim, and what it said at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from lovecampaign.store.tables import email, frozen_content


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenContent:
    """What an email says since its first real claim."""

    fingerprint: str
    #: As the render package serialised it.
    content: str
    frozen_at: datetime


def lock_frozen(connection: Connection, email_id: int) -> None:
    """Let one sender freeze an email at a time, until the end of its transaction."""
    connection.execute(sa.select(email.c.id).where(email.c.id == email_id).with_for_update())


def find_frozen(connection: Connection, email_id: int) -> FrozenContent | None:
    """The content since the first real claim, with the newest accepted edit."""
    row = connection.execute(
        sa.select(frozen_content)
        .where(frozen_content.c.email_id == email_id)
        .order_by(frozen_content.c.frozen_at.desc(), frozen_content.c.id.desc())
        .limit(1)
    ).one_or_none()
    return _as_frozen(row) if row else None


def find_frozen_at(connection: Connection, email_id: int, at: datetime) -> FrozenContent | None:
    """The content at an instant; before the first freeze, the first one."""
    versions = sa.select(frozen_content).where(frozen_content.c.email_id == email_id)
    newest, oldest = frozen_content.c.frozen_at.desc(), frozen_content.c.frozen_at
    until_then = versions.where(frozen_content.c.frozen_at <= at)
    row = (
        connection.execute(until_then.order_by(newest, frozen_content.c.id.desc())).first()
        or connection.execute(versions.order_by(oldest, frozen_content.c.id)).first()
    )
    return _as_frozen(row) if row else None


def freeze(
    connection: Connection,
    email_id: int,
    content: FrozenContent,
    accepted_by: str = "",
) -> None:
    """Store what an email says. The newest counts; going back to an older text makes it newest."""
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
