"""How does somebody stop getting mail, from one list or from all?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import suppression

#: They keep an address out until the operator lifts them. Who complained once and is written to
#: because somebody else typed their address would complain again.
PERMANENT_REASONS = (SuppressionReason.COMPLAINT, SuppressionReason.MANUAL)
#: In ``suppression.list``: every list there is.
EVERY_LIST = ""
#: In ``suppression.only_campaign``: not bound to a campaign.
EVERY_CAMPAIGN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why an address gets no more mail, and how far that reaches."""

    reason: SuppressionReason
    #: Names of lists, or EVERY_LIST.
    lists: Collection[str] = (EVERY_LIST,)
    #: The id of the one campaign in which soft bounces rest, or EVERY_CAMPAIGN.
    only_campaign: str = EVERY_CAMPAIGN
    #: Where it was said: ``one-click``, ``import of people.csv``.
    source: str = ""


def suppression_conditions(
    key: str | sa.ColumnElement[str], list_name: str, campaign_key: str | None
) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on suppressions of an address that hold for a list today.

    ``campaign_key``: whose letters are asked about; of soft bounces, only its own rest them.
    EVERY_CAMPAIGN leaves all rests out, None takes them all in.
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
    """Take an address off lists, or off everything; tells whether that was new.

    A one-click unsubscribe passes every list of its campaign (``Campaign.lists``). The address
    need not be a subscriber's: whoever asks is left alone from now on.
    """
    reason = SuppressionReason.UNSUBSCRIBED
    return suppress(database, key, Suppression(reason=reason, lists=lists, source=source), now)


def suppress(database: Database, key: str, wanted: Suppression, now: datetime) -> bool:
    """Send nothing more to an address; tells whether that was new."""
    with database.write() as connection:
        return add_suppression(connection, key, wanted, now)


def add_suppression(connection: Connection, key: str, wanted: Suppression, now: datetime) -> bool:
    """:func:`suppress` inside a transaction of the caller's. Said again, it counts from now."""
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
    # A confirmation that was asked for in between is older than this.
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


def is_permanently_suppressed(connection: Connection, key: str) -> bool:
    """Whether an address gets no mail whoever types it, on any list."""
    barring = [reason.value for reason in PERMANENT_REASONS]
    conditions = (*suppression_conditions(key, EVERY_LIST, None), suppression.c.reason.in_(barring))
    return bool(connection.scalar(sa.select(sa.exists().where(*conditions))))
