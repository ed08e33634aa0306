"""Everything that is stored about one address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from lovecampaign.audience.subscriber import Consent, ConsentKind, SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.erasure import is_forgotten
from lovecampaign.store.tables import (
    consent,
    delivery,
    email,
    event,
    membership,
    subscriber,
    subscriber_tag,
    suppression,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A membership of a list."""

    list: str
    joined_at: datetime
    #: None until it is confirmed.
    confirmed_at: datetime | None
    consent_expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """An entry of the consent log, and its list."""

    list: str
    consent: Consent
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRecord:
    """A suppression of an address."""

    reason: SuppressionReason
    #: The suppressed list; '' is every list.
    list: str
    #: The one campaign it holds for; '' is all.
    only_campaign: str
    source: str
    at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberProfile:
    """Everything that is stored about one subscriber."""

    id: int
    email: str
    first_name: str
    last_name: str
    timezone: str
    locale: str | None
    fields: Mapping[str, str]
    tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    last_active_at: datetime | None
    memberships: tuple[Membership, ...]
    #: Oldest first.
    consents: tuple[ConsentRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRecord:
    """Everything that is stored about one address."""

    #: None for one that never was a subscriber's, or was forgotten.
    profile: SubscriberProfile | None
    #: Oldest first; stored by address, so there may be some without a profile.
    suppressions: tuple[SuppressionRecord, ...]
    is_forgotten: bool

    @property
    def is_unknown(self) -> bool:
        return self.profile is None and not self.suppressions and not self.is_forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberEvent:
    """An event of one of a subscriber's deliveries, or of the subscriber."""

    #: ``delivered``, ``bounced``, ``clicked`` …
    kind: str
    at: datetime
    #: The email's key; None where the event is about none.
    email_key: str | None
    #: The receiver's or provider's words; '' where there are none.
    words: str = ""


def read_address_record(database: Database, key: str) -> AddressRecord:
    """Everything about a normalised address."""
    with database.read() as connection:
        row = (
            connection.execute(sa.select(subscriber).where(subscriber.c.address_key == key))
            .mappings()
            .one_or_none()
        )
        return AddressRecord(
            profile=_profile(connection, row) if row else None,
            suppressions=_suppressions(connection, key),
            is_forgotten=is_forgotten(connection, key),
        )


def read_events(database: Database, subscriber_id: int) -> Sequence[SubscriberEvent]:
    """Every event of a subscriber and of their deliveries, oldest first."""
    # By indexes, however long the ledger: with OR over both tables, each event was read.
    sent = sa.select(delivery.c.id).where(
        delivery.c.email_id.in_(sa.select(email.c.id)), delivery.c.subscriber_id == subscriber_id
    )
    ids = sa.union(
        sa.select(event.c.id).where(event.c.subscriber_id == subscriber_id),
        sa.select(event.c.id).where(event.c.delivery_id.in_(sent)),
    )
    with database.read() as connection:
        rows = connection.execute(
            sa.select(event.c.kind, event.c.at, event.c.payload, email.c.key)
            .outerjoin(delivery, delivery.c.id == event.c.delivery_id)
            .outerjoin(email, email.c.id == delivery.c.email_id)
            .where(event.c.id.in_(ids))
            .order_by(event.c.at, event.c.id)
        )
        return [
            SubscriberEvent(
                kind=row.kind, at=row.at, email_key=row.key, words=_words_of(row.payload)
            )
            for row in rows
        ]


def _words_of(payload: Mapping[str, object]) -> str:
    said = payload.get("reason")
    return said.strip() if isinstance(said, str) else ""


def _profile(connection: Connection, row: RowMapping) -> SubscriberProfile:
    subscriber_id = row["id"]
    tags = sa.select(subscriber_tag.c.tag).where(subscriber_tag.c.subscriber_id == subscriber_id)
    stored = {name: row[name] for name in SubscriberProfile.__slots__ if name in row}
    return SubscriberProfile(
        **stored,
        tags=tuple(sorted(connection.scalars(tags))),
        memberships=_memberships(connection, subscriber_id),
        consents=_consents(connection, subscriber_id),
    )


def _memberships(connection: Connection, subscriber_id: int) -> tuple[Membership, ...]:
    rows = connection.execute(
        sa.select(*(membership.c[name] for name in Membership.__slots__))
        .where(membership.c.subscriber_id == subscriber_id)
        .order_by(membership.c.joined_at, membership.c.list)
    )
    return tuple(Membership(**row) for row in rows.mappings())


def _consents(connection: Connection, subscriber_id: int) -> tuple[ConsentRecord, ...]:
    rows = connection.execute(
        sa.select(consent)
        .where(consent.c.subscriber_id == subscriber_id)
        .order_by(consent.c.given_at, consent.c.id)
    )
    return tuple(
        ConsentRecord(
            list=row.list,
            recorded_at=row.recorded_at,
            consent=Consent(
                kind=ConsentKind(row.kind),
                given_at=row.given_at,
                source=row.source,
                text_version=row.text_version,
                text=row.text,
                confirmed_at=row.confirmed_at,
                expires_at=row.expires_at,
            ),
        )
        for row in rows
    )


def _suppressions(connection: Connection, key: str) -> tuple[SuppressionRecord, ...]:
    rows = connection.execute(
        sa.select(*(suppression.c[name] for name in SuppressionRecord.__slots__))
        .where(suppression.c.address_key == key)
        .order_by(suppression.c.at, suppression.c.id)
    )
    return tuple(
        SuppressionRecord(**{**row, "reason": SuppressionReason(row["reason"])})
        for row in rows.mappings()
    )
