"""Provider events: store each one once, and return the new ones.

Events come in any order, twice, and at the same time on several connections. Each is stored once,
by the provider's own id of it; only new ones have consequences.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.tokens import RowKey
from lovecampaign.store.database.json_parameters import (
    is_one_of,
    json_at,
    json_parameter,
    json_rows,
    number_at,
    text_at,
)
from lovecampaign.store.database.types import MICROSECOND, to_microseconds
from lovecampaign.store.database.upsert import InsertInto, built_once
from lovecampaign.store.tables import campaign, delivery, event


class EventKind(StrEnum):
    """What happened to a message after the provider's outcome, or in its place."""

    PROCESSED = "processed"  #: the provider accepted it, and will try
    DELIVERED = "delivered"  #: the receiver's server accepted it
    DEFERRED = "deferred"  #: refused for now; the provider tries again
    BOUNCED = "bounced"  #: the address is bad for good
    SOFT_BOUNCED = "soft_bounced"  #: refused this time because of the mailbox
    BLOCKED = "blocked"  #: refused because of us, not of the mailbox
    DROPPED = "dropped"  #: the provider accepted it and did not send it
    COMPLAINED = "complained"  #: marked as spam by the subscriber
    UNSUBSCRIBED = "unsubscribed"  #: by a link in it, ours or the provider's
    UNSUBSCRIBE_UNDONE = "unsubscribe_undone"  #: undone within a day
    OPENED = "opened"
    CLICKED = "clicked"
    UNKNOWN = "unknown"  #: stored as far as it could be read; changes nothing


#: A thousand rows in one parameter: 4 ms, and 28 ms with one for each value.
_ROWS = json_rows("rows", "one")
_PLACES: Mapping[sa.Column[Any], sa.ColumnElement[Any]] = {
    event.c.key: text_at(_ROWS, 0),
    event.c.kind: text_at(_ROWS, 1),
    event.c.at: number_at(_ROWS, 2),
    event.c.recorded_at: number_at(_ROWS, 3),
    event.c.delivery_id: number_at(_ROWS, 4),
    event.c.subscriber_id: number_at(_ROWS, 5),
    event.c.payload: json_at(_ROWS, 6),
}


@built_once
def _insert_statement(insert_into: InsertInto) -> sa.Insert:
    rows = sa.select(*_PLACES.values()).where(sa.true())
    statement = insert_into(event).from_select([column.name for column in _PLACES], rows)
    return statement.on_conflict_do_nothing().returning(event.c.key)


#: Soft bounces on this many different days suppress an address in one campaign.
SOFT_BOUNCE_DAYS = 3
_A_DAY = timedelta(days=1) // MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One event, as a provider reports it, in our terms."""

    #: The provider's own id of the event.
    key: str
    kind: EventKind
    at: datetime
    #: The row that the message was signed with: a delivery, or transactional mail.
    delivery_key: RowKey | None = None
    transactional_key: RowKey | None = None
    #: The provider's message id, as in its answer to our request; '' where it is missing.
    message_id: str = ""
    #: As the provider writes it; never stored. '' where it is missing.
    address: str = ""
    #: The suppression that follows; None: none does.
    suppresses: SuppressionReason | None = None
    #: The subscriber unsubscribed from the lists of one campaign, not from all.
    unsubscribes_from_campaign: bool = False
    #: The facts to store, without addresses of people or machines.
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSubject:
    """The subscriber and the message that an event is about."""

    subscriber_id: int
    address_key: str
    is_forgotten: bool = False
    #: None for transactional mail.
    delivery_id: int | None = None
    transactional_id: int | None = None
    #: Of the delivery; None for transactional mail.
    email_id: int | None = None
    campaign_id: int | None = None

    @property
    def is_known_by_address(self) -> bool:
        """Whether the event names no message of ours, only the subscriber's address."""
        return self.delivery_id is None and self.transactional_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedEvent:
    """A reported event and its subject; None: unknown here."""

    report: ProviderEvent
    subject: EventSubject | None


def record_events(
    connection: Connection, facts: Iterable[MatchedEvent], now: datetime
) -> Sequence[MatchedEvent]:
    """Store the events that are not known yet, and return them."""
    by_key = {fact.report.key: fact for fact in reversed(list(facts))}
    if not by_key:
        return ()
    # Sorted: two batches with the same events would deadlock.
    recorded_at = to_microseconds(now)
    rows = [_row(by_key[key], recorded_at) for key in sorted(by_key)]
    statement = _insert_statement(connection)
    return [by_key[key] for key in connection.scalars(statement, {"rows": json_parameter(rows)})]


def find_first_of_kind(
    connection: Connection, facts: Sequence[MatchedEvent]
) -> Sequence[tuple[int, EventKind]]:
    """Of events that were just stored, each that is the first of its kind about a delivery.

    Its email's id, and the kind. The deliveries must be locked: two at once were both first.
    """
    new: Counter[tuple[int, int, EventKind]] = Counter()
    for fact in facts:
        subject = fact.subject
        if subject and subject.delivery_id is not None and subject.email_id is not None:
            new[subject.delivery_id, subject.email_id, fact.report.kind] += 1
    known = _count_known(connection, {delivery_id for delivery_id, _, _ in new})
    return [
        (email_id, kind)
        for (delivery_id, email_id, kind), count in new.items()
        if known[delivery_id, kind.value] == count
    ]


def find_over_soft_bounce_limit(
    connection: Connection, subscriber_ids: Collection[int]
) -> dict[str, list[int]]:
    """Of these subscribers, those over the limit, by campaign key."""
    if not subscriber_ids:
        return {}
    day = sa.type_coerce(event.c.at, sa.BigInteger) // _A_DAY
    rows = connection.execute(
        sa.select(campaign.c.key, event.c.subscriber_id)
        .select_from(event)
        .join(delivery, delivery.c.id == event.c.delivery_id)
        .join(campaign, campaign.c.id == delivery.c.campaign_id)
        .where(
            event.c.kind == EventKind.SOFT_BOUNCED.value,
            is_one_of(event.c.subscriber_id, subscriber_ids),
        )
        .group_by(campaign.c.key, event.c.subscriber_id)
        .having(sa.func.count(sa.distinct(day)) >= SOFT_BOUNCE_DAYS)
        .order_by(campaign.c.key, event.c.subscriber_id)
    )
    by_campaign = defaultdict(list)
    for key, subscriber_id in rows:
        by_campaign[key].append(subscriber_id)
    return by_campaign


def _count_known(connection: Connection, ids: Collection[int]) -> Mapping[tuple[int, str], int]:
    if not ids:
        return {}
    rows = connection.execute(
        sa.select(event.c.delivery_id, event.c.kind, sa.func.count())
        .where(is_one_of(event.c.delivery_id, ids))
        .group_by(event.c.delivery_id, event.c.kind)
    )
    return {(delivery_id, kind): count for delivery_id, kind, count in rows}


def _row(fact: MatchedEvent, recorded_at: int) -> Sequence[object]:
    """In the order of ``_PLACES``."""
    report, subject = fact.report, fact.subject
    return (
        report.key,
        report.kind.value,
        to_microseconds(report.at),
        recorded_at,
        subject.delivery_id if subject else None,
        subject.subscriber_id if subject else None,
        {} if subject and subject.is_forgotten else report.payload,
    )
