"""Whom is a report about? By the id that we gave the message, else by the provider's own.

What says that an address is dead, or that its reader complained or left, is a fact of the address,
whatever mail it was: an account may send more than ours. It is looked for by the address last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.store.database.is_one_of import is_one_of
from lovecampaign.store.ledger.events import EventKind, EventSubject, MatchedEvent, ProviderEvent
from lovecampaign.store.tables import delivery, email, subscriber, transactional

#: Reports of these change a delivery or are counted: they are taken one after the other.
_CONSEQUENTIAL = frozenset(EventKind) - {
    EventKind.PROCESSED,
    EventKind.DEFERRED,
    EventKind.OPENED,
    EventKind.CLICKED,
    EventKind.UNKNOWN,
}
#: What may come hours later, from another server, without what we gave the message with it.
_LATE = frozenset(
    {EventKind.BOUNCED, EventKind.SOFT_BOUNCED, EventKind.BLOCKED, EventKind.COMPLAINED}
)


def match_events(connection: Connection, reports: Sequence[ProviderEvent]) -> list[MatchedEvent]:
    """Each report with its subject; deliveries that it may change are locked until the end."""
    changing = (one.delivery_id for one in reports if one.kind in _CONSEQUENTIAL)
    _lock(connection, _known(changing))
    deliveries = _read_deliveries(connection, _known(one.delivery_id for one in reports))
    asked = _read_asked(connection, _known(one.transactional_id for one in reports))
    late = _match_late(connection, [one for one in reports if _is_unnamed(one)])

    def subject_of(report: ProviderEvent) -> EventSubject | None:
        if report.delivery_id is not None:
            return deliveries.get(report.delivery_id)
        if report.transactional_id is not None:
            return asked.get(report.transactional_id)
        return late.get(report.key)

    found = [MatchedEvent(report=report, subject=subject_of(report)) for report in reports]
    people = _read_people(connection, _addresses(fact.report for fact in found if not fact.subject))
    return [fact if fact.subject else _by_address(fact.report, people) for fact in found]


def normalise_or_none(address: str) -> str | None:
    """The form by which we know people; None for what is no address."""
    try:
        return normalise(address.strip())
    except InvalidAddress:
        return None


def _known(numbers: Iterable[int | None]) -> set[int]:
    return {number for number in numbers if number is not None}


def _lock(connection: Connection, ids: Collection[int]) -> None:
    if ids and connection.dialect.name != "sqlite":  # which has one writer at a time
        connection.execute(
            sa.select(delivery.c.id)
            .where(is_one_of(connection, delivery.c.id, ids))
            .order_by(delivery.c.id)
            .with_for_update()
        )


def _read_deliveries(connection: Connection, ids: Collection[int]) -> Mapping[int, EventSubject]:
    if not ids:
        return {}
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.subscriber_id,
            delivery.c.email_id,
            delivery.c.campaign_id,
            subscriber.c.address_key,
            subscriber.c.forgotten_at,
        )
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(is_one_of(connection, delivery.c.id, ids))
    )
    return {row.id: _delivered_to(row) for row in rows}


def _delivered_to(row: sa.Row[Any]) -> EventSubject:
    return EventSubject(
        delivery_id=row.id,
        transactional_id=None,
        subscriber_id=row.subscriber_id,
        address_key=row.address_key,
        is_forgotten=row.forgotten_at is not None,
        email_id=row.email_id,
        campaign_id=row.campaign_id,
    )


def _read_asked(connection: Connection, ids: Collection[int]) -> Mapping[int, EventSubject]:
    if not ids:
        return {}
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            transactional.c.id,
            transactional.c.subscriber_id,
            subscriber.c.address_key,
            subscriber.c.forgotten_at,
        )
        .join(subscriber, subscriber.c.id == transactional.c.subscriber_id)
        .where(is_one_of(connection, transactional.c.id, ids))
    )
    return {
        row.id: EventSubject(
            delivery_id=None,
            transactional_id=row.id,
            subscriber_id=row.subscriber_id,
            address_key=row.address_key,
            is_forgotten=row.forgotten_at is not None,
            email_id=None,
            campaign_id=None,
        )
        for row in rows
    }


def _addresses(reports: Iterable[ProviderEvent]) -> set[str]:
    said = (normalise_or_none(one.address) for one in reports if one.suppresses is not None)
    return {address for address in said if address}


def _read_people(connection: Connection, addresses: Collection[str]) -> Mapping[str, EventSubject]:
    if not addresses:
        return {}
    rows: sa.Result[Any] = connection.execute(
        sa.select(subscriber.c.id, subscriber.c.address_key).where(
            is_one_of(connection, subscriber.c.address_key, addresses),
            subscriber.c.forgotten_at.is_(None),
        )
    )
    return {
        row.address_key: EventSubject(
            delivery_id=None,
            transactional_id=None,
            subscriber_id=row.id,
            address_key=row.address_key,
            is_forgotten=False,
            email_id=None,
            campaign_id=None,
        )
        for row in rows
    }


def _by_address(report: ProviderEvent, people: Mapping[str, EventSubject]) -> MatchedEvent:
    is_about_address = report.suppresses is not None
    key = normalise_or_none(report.address) if is_about_address else None
    return MatchedEvent(report=report, subject=people.get(key) if key else None)


def _is_unnamed(report: ProviderEvent) -> bool:
    has_no_name = report.delivery_id is None and report.transactional_id is None
    return has_no_name and report.kind in _LATE and bool(report.message_id and report.address)


def _match_late(
    connection: Connection, reports: Iterable[ProviderEvent]
) -> Mapping[str, EventSubject]:
    """By the id that the provider's answer gave, which a request of a thousand people shares."""
    wanted = {
        report.key: (report.message_id, normalise_or_none(report.address)) for report in reports
    }
    addresses = {address for _, address in wanted.values() if address}
    if not addresses:
        return {}
    # Through each email: there is an index over email and person, and none over persons alone.
    rows: sa.Result[Any] = connection.execute(
        sa.select(
            delivery.c.id,
            delivery.c.subscriber_id,
            delivery.c.email_id,
            delivery.c.campaign_id,
            delivery.c.provider_message_id,
            subscriber.c.address_key,
            subscriber.c.forgotten_at,
        )
        .select_from(subscriber)
        .join(email, sa.true())
        .join(
            delivery,
            sa.and_(delivery.c.email_id == email.c.id, delivery.c.subscriber_id == subscriber.c.id),
        )
        .where(
            subscriber.c.address_key.in_(addresses),
            delivery.c.provider_message_id.in_({message_id for message_id, _ in wanted.values()}),
        )
    )
    found = {(row.provider_message_id, row.address_key): _delivered_to(row) for row in rows}
    return {key: found[match] for key, match in wanted.items() if match in found}
