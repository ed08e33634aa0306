"""Match provider events to our messages and subscribers: by our id, else by the provider's.

A hard bounce, complaint or unsubscribe is a fact of the address, whatever message it was about:
an account may send more than ours. Such events are matched by the address last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.core.tokens import RowKey
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.ledger.events import EventKind, EventSubject, MatchedEvent, ProviderEvent
from lovecampaign.store.tables import delivery, email, subscriber, transactional

#: Events of these change a delivery or are counted: transactions with them run one by one.
_CONSEQUENTIAL = frozenset(EventKind) - {
    EventKind.PROCESSED,
    EventKind.DEFERRED,
    EventKind.OPENED,
    EventKind.CLICKED,
    EventKind.UNKNOWN,
}
#: These may come hours later, from another server, without our id.
_LATE = frozenset(
    {EventKind.BOUNCED, EventKind.SOFT_BOUNCED, EventKind.BLOCKED, EventKind.COMPLAINED}
)
_DELIVERY_COLUMNS = (
    delivery.c.id,
    delivery.c.nonce,
    delivery.c.subscriber_id,
    delivery.c.email_id,
    delivery.c.campaign_id,
    subscriber.c.address_key,
    subscriber.c.forgotten_at,
)


def match_events(connection: Connection, reports: Sequence[ProviderEvent]) -> list[MatchedEvent]:
    """Each report with its subject; deliveries that it may change are locked until the end."""
    _lock(connection, _numbers(one.delivery_key for one in reports if one.kind in _CONSEQUENTIAL))
    deliveries = _read_deliveries(connection, _numbers(one.delivery_key for one in reports))
    transactionals = _read_transactional(
        connection, _numbers(one.transactional_key for one in reports)
    )
    late = _match_late(connection, [one for one in reports if _is_late_without_id(one)])
    by_address = _read_subscribers(connection, _suppressed_addresses(reports))

    def find_subject(report: ProviderEvent) -> EventSubject | None:
        if report.delivery_key is not None:
            subject = deliveries.get(report.delivery_key)
        elif report.transactional_key is not None:
            subject = transactionals.get(report.transactional_key)
        else:
            subject = late.get(report.key)
        if subject is None and report.suppresses is not None:
            subject = by_address.get(normalise_or_none(report.address) or "")
        return subject

    return [MatchedEvent(report=report, subject=find_subject(report)) for report in reports]


def normalise_or_none(address: str) -> str | None:
    """The normalised address; None for an invalid one."""
    try:
        return normalise(address.strip())
    except InvalidAddress:
        return None


def _numbers(keys: Iterable[RowKey | None]) -> set[int]:
    return {key.number for key in keys if key is not None}


def _lock(connection: Connection, ids: Collection[int]) -> None:
    if ids and connection.dialect.name != "sqlite":  # which has one writer at a time
        connection.execute(
            sa.select(delivery.c.id)
            .where(is_one_of(delivery.c.id, ids))
            .order_by(delivery.c.id)
            .with_for_update()
        )


def _read_deliveries(connection: Connection, ids: Collection[int]) -> Mapping[RowKey, EventSubject]:
    if not ids:
        return {}
    rows: sa.Result[Any] = connection.execute(
        sa.select(*_DELIVERY_COLUMNS)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(is_one_of(delivery.c.id, ids))
    )
    return {RowKey(row.id, row.nonce): _delivery_subject(row) for row in rows}


def _delivery_subject(row: sa.Row[Any]) -> EventSubject:
    return EventSubject(
        delivery_id=row.id,
        subscriber_id=row.subscriber_id,
        address_key=row.address_key,
        is_forgotten=row.forgotten_at is not None,
        email_id=row.email_id,
        campaign_id=row.campaign_id,
    )


def _read_transactional(
    connection: Connection, ids: Collection[int]
) -> Mapping[RowKey, EventSubject]:
    if not ids:
        return {}
    rows = connection.execute(
        sa.select(
            transactional.c.id,
            transactional.c.nonce,
            transactional.c.subscriber_id,
            subscriber.c.address_key,
            subscriber.c.forgotten_at,
        )
        .join(subscriber, subscriber.c.id == transactional.c.subscriber_id)
        .where(is_one_of(transactional.c.id, ids))
    )
    return {
        RowKey(row.id, row.nonce): EventSubject(
            transactional_id=row.id,
            subscriber_id=row.subscriber_id,
            address_key=row.address_key,
            is_forgotten=row.forgotten_at is not None,
        )
        for row in rows
    }


def _suppressed_addresses(reports: Iterable[ProviderEvent]) -> set[str]:
    addresses = (normalise_or_none(one.address) for one in reports if one.suppresses is not None)
    return {address for address in addresses if address}


def _read_subscribers(
    connection: Connection, addresses: Collection[str]
) -> Mapping[str, EventSubject]:
    if not addresses:
        return {}
    rows = connection.execute(
        sa.select(subscriber.c.id, subscriber.c.address_key).where(
            is_one_of(subscriber.c.address_key, addresses),
            subscriber.c.forgotten_at.is_(None),
        )
    )
    return {
        row.address_key: EventSubject(subscriber_id=row.id, address_key=row.address_key)
        for row in rows
    }


def _is_late_without_id(report: ProviderEvent) -> bool:
    has_no_id = report.delivery_key is None and report.transactional_key is None
    return has_no_id and report.kind in _LATE and bool(report.message_id and report.address)


def _match_late(
    connection: Connection, reports: Iterable[ProviderEvent]
) -> Mapping[str, EventSubject]:
    """By the provider's message id, which a request with a thousand recipients shares."""
    wanted = {
        report.key: (report.message_id, normalise_or_none(report.address)) for report in reports
    }
    addresses = {address for _, address in wanted.values() if address}
    if not addresses:
        return {}
    # Through each email: the index is over email and subscriber, and none over subscribers alone.
    is_delivery = sa.and_(
        delivery.c.email_id == email.c.id, delivery.c.subscriber_id == subscriber.c.id
    )
    rows: sa.Result[Any] = connection.execute(
        sa.select(*_DELIVERY_COLUMNS, delivery.c.provider_message_id)
        .select_from(subscriber)
        .join(email, sa.true())
        .join(delivery, is_delivery)
        .where(
            subscriber.c.address_key.in_(addresses),
            delivery.c.provider_message_id.in_({message_id for message_id, _ in wanted.values()}),
        )
    )
    matches = {(row.provider_message_id, row.address_key): _delivery_subject(row) for row in rows}
    return {key: matches[match] for key, match in wanted.items() if match in matches}
