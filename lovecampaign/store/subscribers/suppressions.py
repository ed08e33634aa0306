"""Suppressions: addresses that get no more mail, from one list or from all."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.mailbox import mailbox_key
from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.json_parameters import (
    is_one_of,
    json_parameter,
    json_rows,
    text_at,
)
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import Instant, subscriber, suppression

#: They hold until the operator lifts them: after a complaint, a sign-up that another person typed
#: would lead to the next complaint.
PERMANENT_REASONS = (SuppressionReason.COMPLAINT, SuppressionReason.MANUAL)
#: In ``suppression.list``: every list there is.
EVERY_LIST = ""
#: In ``suppression.only_campaign``: not bound to a campaign.
EVERY_CAMPAIGN = ""
#: Addresses per statement.
_CHUNK = 5_000


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


def suppress_addresses(
    database: Database, keys: Iterable[str], wanted: Suppression, now: datetime
) -> int:
    """:func:`suppress` for many addresses in one transaction; returns for how many it was new."""
    changed = 0
    rest = iter(dict.fromkeys(keys))
    with database.write() as connection:
        while part := list(itertools.islice(rest, _CHUNK)):
            changed += len(_suppress_part(connection, part, wanted, now))
    return changed


def _suppress_part(
    connection: Connection, keys: Sequence[str], wanted: Suppression, now: datetime
) -> AbstractSet[str]:
    """Returns the addresses for which it was new."""
    new: set[str] = set()
    for name in sorted(set(wanted.lists)):
        address = json_rows("keys", "typed")
        columns: dict[str, sa.ColumnElement[Any]] = {
            "address_key": text_at(address, 0),
            "mailbox": text_at(address, 1),
            "list": sa.literal(name),
            "only_campaign": sa.literal(wanted.only_campaign),
            "reason": sa.literal(wanted.reason.value),
            "source": sa.literal(wanted.source),
            "at": sa.literal(now, Instant),
        }
        rows = sa.select(*columns.values()).select_from(address).where(sa.true())
        statement = insert_or_ignore(connection, suppression).from_select(list(columns), rows)
        parameters = {"keys": json_parameter((key, mailbox_of(key, wanted.reason)) for key in keys)}
        new.update(connection.scalars(statement.returning(suppression.c.address_key), parameters))
        _count_from_now(connection, is_one_of(suppression.c.address_key, keys), [name], wanted, now)
    return new


def add_suppression(
    connection: Connection, key: str, wanted: Suppression, now: datetime, *, moves: bool = True
) -> bool:
    """:func:`suppress` in the caller's transaction.

    One that is repeated counts from now, unless ``moves`` is False.
    """
    rows = [
        {
            "address_key": key,
            "list": name,
            "only_campaign": wanted.only_campaign,
            "reason": wanted.reason.value,
            "source": wanted.source,
            "at": now,
            "mailbox": mailbox_of(key, wanted.reason),
        }
        for name in sorted(set(wanted.lists))
    ]
    if not rows:
        return False
    statement = insert_or_ignore(connection, suppression).values(rows)
    is_new = connection.execute(statement.returning(suppression.c.id)).first() is not None
    # A confirmation that was requested in between is older than this.
    lists = [str(row["list"]) for row in rows]
    if moves:
        _count_from_now(connection, suppression.c.address_key == key, lists, wanted, now)
    return is_new


def _count_from_now(
    connection: Connection,
    is_theirs: sa.ColumnElement[bool],
    lists: Sequence[str],
    wanted: Suppression,
    now: datetime,
) -> None:
    connection.execute(
        sa.update(suppression)
        .where(
            is_theirs,
            suppression.c.list.in_(lists),
            suppression.c.only_campaign == wanted.only_campaign,
            suppression.c.reason == wanted.reason.value,
            suppression.c.lifted_at.is_(None),
            suppression.c.at < now,
        )
        .values(at=now)
    )


def mailbox_of(key: str, reason: SuppressionReason) -> str | None:
    """``suppression.mailbox``: a permanent reason holds for every address of the mailbox."""
    return mailbox_key(key) if reason in PERMANENT_REASONS else None


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
    """Whether a mailbox gets no mail on any list, also after a new sign-up."""
    reasons = [reason.value for reason in PERMANENT_REASONS]
    conditions = (
        suppression.c.mailbox == mailbox_key(key),
        suppression.c.list == EVERY_LIST,
        suppression.c.lifted_at.is_(None),
        suppression.c.reason.in_(reasons),
    )
    return bool(connection.scalar(sa.select(sa.exists().where(*conditions))))
