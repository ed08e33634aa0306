"""Subscribers' preferences for a campaign, and their name and zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import preference, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Preferences for one campaign."""

    is_launch_only: bool = False
    #: No letter before then; None: not paused.
    paused_until: datetime | None = None


def read_preferences(
    connection: Connection, campaign_id: int, subscriber_id: int, now: datetime
) -> Preferences:
    """The preferences now; an ended pause is none."""
    row = connection.execute(
        sa.select(preference).where(*_is_theirs(campaign_id, subscriber_id))
    ).one_or_none()
    if row is None:
        return Preferences()
    is_paused = row.paused_until is not None and row.paused_until > now
    return Preferences(
        is_launch_only=row.is_launch_only, paused_until=row.paused_until if is_paused else None
    )


def save_preferences(
    connection: Connection, campaign_id: int, subscriber_id: int, wanted: Preferences
) -> None:
    """They hold from the next claim on."""
    values = {"is_launch_only": wanted.is_launch_only, "paused_until": wanted.paused_until}
    connection.execute(
        insert_or_ignore(connection, preference).values(
            campaign_id=campaign_id, subscriber_id=subscriber_id, **values
        )
    )
    connection.execute(
        sa.update(preference).where(*_is_theirs(campaign_id, subscriber_id)).values(**values)
    )


def save_personal_data(
    connection: Connection,
    subscriber_id: int,
    now: datetime,
    *,
    first_name: str,
    timezone: str,
    language: str | None,
) -> None:
    """For every campaign. An empty value counts too: the subscriber has seen the old one."""
    values = {"first_name": first_name, "timezone": timezone, "locale": language}
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == subscriber_id, subscriber.c.forgotten_at.is_(None))
        .values(**values, updated_at=now, last_active_at=now)
    )


def _is_theirs(campaign_id: int, subscriber_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        preference.c.campaign_id == campaign_id,
        preference.c.subscriber_id == subscriber_id,
    )
