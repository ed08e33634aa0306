"""Subscribers' preferences for a campaign, and their name and zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import membership, preference, subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Preferences for one campaign."""

    is_launch_only: bool = False
    #: No letter before then; None: not paused.
    paused_until: datetime | None = None


def read_preferences(
    connection: Connection,
    campaign_id: int,
    subscriber_id: int,
    now: datetime,
    silence: Preferences = Preferences(),
) -> Preferences:
    """The preferences now; an ended pause is none. ``silence``: of who has not chosen."""
    row = connection.execute(
        sa.select(preference).where(*_is_theirs(campaign_id, subscriber_id))
    ).one_or_none()
    if row is None:
        return silence
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


def note_yes_by_form(connection: Connection, campaign_id: int, subscriber_id: int) -> None:
    """Joining by a form of the campaign chooses the daily month; an earlier choice stays."""
    connection.execute(
        insert_or_ignore(connection, preference).values(
            campaign_id=campaign_id, subscriber_id=subscriber_id, is_launch_only=False
        )
    )


def note_yes_of_members(connection: Connection, campaign_id: int, list_name: str) -> None:
    """As :func:`note_yes_by_form`, for all members of a list."""
    has_chosen = sa.exists().where(
        preference.c.campaign_id == campaign_id,
        preference.c.subscriber_id == membership.c.subscriber_id,
    )
    members = sa.select(sa.literal(campaign_id), membership.c.subscriber_id, sa.false()).where(
        membership.c.list == list_name, sa.not_(has_chosen)
    )
    connection.execute(
        sa.insert(preference).from_select(
            ["campaign_id", "subscriber_id", "is_launch_only"], members
        )
    )


def note_activity(connection: Connection, subscriber_id: int, now: datetime) -> None:
    """The subscriber did something by themselves."""
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == subscriber_id, subscriber.c.forgotten_at.is_(None))
        .values(last_active_at=now)
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
