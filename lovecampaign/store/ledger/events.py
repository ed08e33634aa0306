"""What did a provider report later, and which of it is new?

Reports come in any order, twice, and at the same time on several connections. Each is kept once,
by the provider's own id of it; only what is new has consequences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.is_one_of import is_one_of
from lovecampaign.store.database.json_parameters import (
    json_at,
    json_parameter,
    json_rows,
    number_at,
    text_at,
)
from lovecampaign.store.database.types import to_microseconds
from lovecampaign.store.database.upsert import INSERT_INTO, InsertInto
from lovecampaign.store.tables import event


class EventKind(StrEnum):
    """What happened to a message after the provider's answer, or in its place."""

    PROCESSED = "processed"  #: the provider took it, and will try
    DELIVERED = "delivered"  #: the receiver's server took it
    DEFERRED = "deferred"  #: refused for now; the provider goes on trying
    BOUNCED = "bounced"  #: the address is bad for good
    SOFT_BOUNCED = "soft_bounced"  #: refused this time, for the mailbox's sake
    BLOCKED = "blocked"  #: the receiver refused us, not its reader
    DROPPED = "dropped"  #: the provider took it and did not send it
    COMPLAINED = "complained"  #: its reader called it spam
    UNSUBSCRIBED = "unsubscribed"  #: its reader left by a link in it, ours or the provider's
    UNSUBSCRIBE_UNDONE = "unsubscribe_undone"  #: they took that back within a day
    OPENED = "opened"
    CLICKED = "clicked"
    UNKNOWN = "unknown"  #: kept as far as it could be read; changes nothing


#: A thousand rows in one value: 4 ms, and 28 ms where each of their values is a parameter.
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


def _adding(insert_into: InsertInto) -> sa.Insert:
    rows = sa.select(*_PLACES.values()).where(sa.true())
    adding = insert_into(event).from_select([column.name for column in _PLACES], rows)
    return adding.on_conflict_do_nothing().returning(event.c.key)


_INSERT = {name: _adding(insert_into) for name, insert_into in INSERT_INTO.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One fact that a provider reports, in our words."""

    #: The provider's own id of the event.
    key: str
    kind: EventKind
    at: datetime
    #: What the message was signed with: a delivery's number, or that of mail that was asked for.
    delivery_id: int | None = None
    transactional_id: int | None = None
    #: The provider's id of the message, as its answer gave it; '' where it does not say.
    message_id: str = ""
    #: As the provider writes it; never stored. '' where it does not say.
    address: str = ""
    #: Why nothing more may be sent to the address; None: it changes nothing for the address.
    suppresses: SuppressionReason | None = None
    #: The reader left the lists of one campaign, and not all of them.
    unsubscribes_from_campaign: bool = False
    #: What is worth keeping, without addresses of people or of machines.
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSubject:
    """Whom a report is about, as the database knows them."""

    #: None for mail that was asked for.
    delivery_id: int | None
    transactional_id: int | None
    subscriber_id: int
    address_key: str
    is_forgotten: bool
    #: Of the delivery; None for mail that was asked for.
    email_id: int | None
    campaign_id: int | None

    @property
    def is_known_by_address(self) -> bool:
        """The report names no mail of ours; it is about a person all the same."""
        return self.delivery_id is None and self.transactional_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedEvent:
    """A report, and whom it is about; None: nobody we know."""

    report: ProviderEvent
    subject: EventSubject | None


def record_events(
    connection: Connection, facts: Iterable[MatchedEvent], now: datetime
) -> Sequence[MatchedEvent]:
    """Keep what is not known yet, and return it."""
    by_key = {fact.report.key: fact for fact in reversed(list(facts))}
    if not by_key:
        return ()
    # In one order, or two batches with the same events would wait for each other for ever.
    recorded_at = to_microseconds(now)
    rows = [_row(by_key[key], recorded_at) for key in sorted(by_key)]
    statement = _INSERT[connection.dialect.name]
    return [by_key[key] for key in connection.scalars(statement, {"rows": json_parameter(rows)})]


def find_first_of_kind(
    connection: Connection, facts: Sequence[MatchedEvent]
) -> Sequence[tuple[int, EventKind]]:
    """Of facts that were just noted, each that is the first of its kind about a delivery.

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


def _count_known(connection: Connection, ids: Collection[int]) -> Mapping[tuple[int, str], int]:
    if not ids:
        return {}
    rows = connection.execute(
        sa.select(event.c.delivery_id, event.c.kind, sa.func.count())
        .where(is_one_of(connection, event.c.delivery_id, ids))
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
