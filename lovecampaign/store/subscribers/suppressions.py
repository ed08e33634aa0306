"""Suppressions: addresses that get no more mail, from one list or from all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import Instant, subscriber, suppression

#: They hold until the operator lifts them: after a complaint, a sign-up that another person typed
#: would lead to the next complaint.
PERMANENT_REASONS = (SuppressionReason.COMPLAINT, SuppressionReason.MANUAL)
#: In ``suppression.list``: every list there is.
EVERY_LIST = ""
#: In ``suppression.only_campaign``: not bound to a campaign.
EVERY_CAMPAIGN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """The reason and the reach of a suppression."""

    reason: SuppressionReason
    #: Names of lists, or EVERY_LIST.
    lists: Collection[str] = (EVERY_LIST,)
    #: The id of the one campaign that soft bounces hold for, or EVERY_CAMPAIGN.
    only_campaign: str = EVERY_CAMPAIGN
    #: Where it was said: ``one-click``, ``import of people.csv``.
    source: str = ""


def suppression_conditions(
    key: str | sa.ColumnElement[str], list_name: str, campaign_key: str | None
) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions for the suppressions of an address that hold for a list now.

    ``campaign_key``: the campaign to send for, which adds its own soft bounces to the
    suppressions of every campaign. None takes those of all campaigns.
    """
    conditions = (
        suppression.c.address_key == key,
        suppression.c.list.in_([EVERY_LIST, list_name]),
        suppression.c.lifted_at.is_(None),
    )
    if campaign_key is None:
        return conditions
    return (*conditions, suppression.c.only_campaign.in_([EVERY_CAMPAIGN, campaign_key]))


def unsubscribe(
    database: Database,
    key: str,
    now: datetime,
    *,
    lists: Collection[str] = (EVERY_LIST,),
    source: str = "",
) -> bool:
    """Unsubscribe an address from lists, or from everything; returns whether that was new.

    The address need not be a subscriber's.
    """
    reason = SuppressionReason.UNSUBSCRIBED
    return suppress(database, key, Suppression(reason=reason, lists=lists, source=source), now)


def suppress(database: Database, key: str, wanted: Suppression, now: datetime) -> bool:
    """Send nothing more to an address; returns whether that was new."""
    with database.write() as connection:
        return add_suppression(connection, key, wanted, now)


def add_suppression(connection: Connection, key: str, wanted: Suppression, now: datetime) -> bool:
    """:func:`suppress` in the caller's transaction. One that is repeated counts from now."""
    rows = [
        {
            "address_key": key,
            "list": name,
            "only_campaign": wanted.only_campaign,
            "reason": wanted.reason.value,
            "source": wanted.source,
            "at": now,
        }
        for name in sorted(set(wanted.lists))
    ]
    if not rows:
        return False
    statement = insert_or_ignore(connection, suppression).values(rows)
    is_new = connection.execute(statement.returning(suppression.c.id)).first() is not None
    # A confirmation that was requested in between is older than this.
    connection.execute(
        sa.update(suppression)
        .where(
            suppression.c.address_key == key,
            suppression.c.list.in_([row["list"] for row in rows]),
            suppression.c.only_campaign == wanted.only_campaign,
            suppression.c.reason == wanted.reason.value,
            suppression.c.lifted_at.is_(None),
            suppression.c.at < now,
        )
        .values(at=now)
    )
    return is_new


def suppress_subscribers(
    connection: Connection,
    subscriber_ids: Sequence[int],
    reason: SuppressionReason,
    only_campaign: str,
    now: datetime,
) -> None:
    """Suppress these subscribers on every list, after bounces. A repeated one changes nothing."""
    if not subscriber_ids:
        return
    columns = ("address_key", "list", "only_campaign", "reason", "source", "at")
    rows = sa.select(
        subscriber.c.address_key,
        sa.literal(EVERY_LIST),
        sa.literal(only_campaign),
        sa.literal(reason.value),
        sa.literal("delivery"),
        sa.literal(now, Instant),
    ).where(subscriber.c.id.in_(subscriber_ids))
    connection.execute(insert_or_ignore(connection, suppression).from_select(columns, rows))


def lift_suppressions(
    connection: Connection, now: datetime, *conditions: sa.ColumnElement[bool]
) -> bool:
    """Lift the active suppressions that meet the conditions; returns whether there were any."""
    statement = sa.update(suppression).where(*conditions, suppression.c.lifted_at.is_(None))
    return connection.execute(statement.values(lifted_at=now)).rowcount > 0


def is_permanently_suppressed(connection: Connection, key: str) -> bool:
    """Whether an address gets no mail on any list, also after a new sign-up."""
    reasons = [reason.value for reason in PERMANENT_REASONS]
    conditions = (
        *suppression_conditions(key, EVERY_LIST, None),
        suppression.c.reason.in_(reasons),
    )
    return bool(connection.scalar(sa.select(sa.exists().where(*conditions))))
