"""What do we know about one person?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from lovecampaign.audience.subscriber import Consent, ConsentKind, SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.erasure import is_forgotten
from lovecampaign.store.tables import consent, membership, subscriber, subscriber_tag, suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A person's place on a list."""

    list: str
    joined_at: datetime
    #: None until they confirmed.
    confirmed_at: datetime | None
    consent_expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """An entry of the consent log, and the list that it is about."""

    list: str
    consent: Consent
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRecord:
    """Why and since when an address gets no more mail."""

    reason: SuppressionReason
    #: The list that was left; '' is every list.
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
    """Everything that we know behind one address."""

    #: None for who never was a subscriber, or was forgotten.
    profile: SubscriberProfile | None
    #: Oldest first; kept by address, so there may be some without a profile.
    suppressions: tuple[SuppressionRecord, ...]
    is_forgotten: bool

    @property
    def is_unknown(self) -> bool:
        return self.profile is None and not self.suppressions and not self.is_forgotten


def read_address_record(database: Database, key: str) -> AddressRecord:
    """All that is known behind a normalised address."""
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


def _profile(connection: Connection, row: RowMapping) -> SubscriberProfile:
    number = row["id"]
    tags = sa.select(subscriber_tag.c.tag).where(subscriber_tag.c.subscriber_id == number)
    return SubscriberProfile(
        id=number,
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        timezone=row["timezone"],
        locale=row["locale"],
        fields=row["fields"],
        tags=tuple(sorted(connection.scalars(tags))),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        last_active_at=row["last_active_at"],
        memberships=_memberships(connection, number),
        consents=_consents(connection, number),
    )


def _memberships(connection: Connection, number: int) -> tuple[Membership, ...]:
    rows = connection.execute(
        sa.select(membership)
        .where(membership.c.subscriber_id == number)
        .order_by(membership.c.joined_at, membership.c.list)
    )
    return tuple(
        Membership(
            list=row.list,
            joined_at=row.joined_at,
            confirmed_at=row.confirmed_at,
            consent_expires_at=row.consent_expires_at,
        )
        for row in rows
    )


def _consents(connection: Connection, number: int) -> tuple[ConsentRecord, ...]:
    rows = connection.execute(
        sa.select(consent)
        .where(consent.c.subscriber_id == number)
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
        sa.select(suppression)
        .where(suppression.c.address_key == key)
        .order_by(suppression.c.at, suppression.c.id)
    )
    return tuple(
        SuppressionRecord(
            reason=SuppressionReason(row.reason),
            list=row.list,
            only_campaign=row.only_campaign,
            source=row.source,
            at=row.at,
            lifted_at=row.lifted_at,
        )
        for row in rows
    )
