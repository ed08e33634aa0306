"""Unsubscribe by the link of a letter, and its undo.

The link must work for ever, also when the campaign's files are gone: the lists are in the database
since the letter was sent. Where not even they are known, every list is unsubscribed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.subscribers.suppressions import (
    EVERY_LIST,
    Suppression,
    add_suppression,
    lift_suppressions,
)
from lovecampaign.store.tables import Instant, campaign, event, suppression, transactional

#: A letter is kept for years, and may be forwarded: after that, a new sign-up is needed.
UNDO_WITHIN = timedelta(days=1)
_BOUNCED = (SuppressionReason.HARD_BOUNCE.value, SuppressionReason.SOFT_BOUNCES.value)


def unsubscribe_by_link(
    connection: Connection, letter: DeliveryRecord, lists: Collection[str], now: datetime
) -> bool:
    """Unsubscribe from these lists and all that the ledger knows of the campaign.

    Returns whether that was new. The next claim sees it.
    """
    wanted = Suppression(
        reason=SuppressionReason.UNSUBSCRIBED,
        lists=lists_to_unsubscribe(connection, letter.campaign_id, lists),
        source=_source(letter),
    )
    # Pressed again, it counts from the first time, unless a confirmation was requested in between.
    moves = _has_open_confirmation(connection, letter)
    is_new = add_suppression(connection, letter.address_key, wanted, now, moves=moves)
    if is_new:
        _record_event(connection, letter, EventKind.UNSUBSCRIBED, now)
    return is_new


def undo_unsubscribe(connection: Connection, letter: DeliveryRecord, now: datetime) -> bool:
    """Undo what this letter's own link did within the last day; returns whether it did.

    An unsubscribe by other ways stays: a forwarded letter must not undo it.
    """
    if not lift_suppressions(connection, now, *_is_own(letter, now)):
        return False
    _record_event(connection, letter, EventKind.UNSUBSCRIBE_UNDONE, now)
    return True


def can_undo_unsubscribe(connection: Connection, letter: DeliveryRecord, now: datetime) -> bool:
    """Whether :func:`undo_unsubscribe` would do anything."""
    return bool(connection.scalar(sa.select(sa.exists().where(*_is_own(letter, now)))))


def is_unsubscribed(connection: Connection, letter: DeliveryRecord, lists: Collection[str]) -> bool:
    """Whether no list of the campaign is left that may be mailed."""
    wanted = lists_to_unsubscribe(connection, letter.campaign_id, lists)
    unsubscribed = set(
        connection.scalars(
            sa.select(suppression.c.list).where(
                suppression.c.address_key == letter.address_key,
                suppression.c.reason.not_in(_BOUNCED),
                suppression.c.lifted_at.is_(None),
            )
        )
    )
    return EVERY_LIST in unsubscribed or wanted <= unsubscribed


def lists_to_unsubscribe(
    connection: Connection, campaign_id: int, lists: Collection[str]
) -> frozenset[str]:
    """These and every list that the campaign had when it was sent; every list if there are none."""
    recorded = connection.scalar(sa.select(campaign.c.lists).where(campaign.c.id == campaign_id))
    return frozenset({*lists, *(recorded or ())}) or frozenset({EVERY_LIST})


def _source(letter: DeliveryRecord) -> str:
    return f"letter {letter.id}"


def _is_own(letter: DeliveryRecord, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """The active suppressions by this letter's link within the last day."""
    return (
        suppression.c.address_key == letter.address_key,
        suppression.c.reason == SuppressionReason.UNSUBSCRIBED.value,
        suppression.c.source == _source(letter),
        suppression.c.lifted_at.is_(None),
        _left_at(letter) > sa.literal(now - UNDO_WITHIN, Instant),
    )


def _left_at(letter: DeliveryRecord) -> sa.ScalarSelect[datetime | None]:
    """When the link was first used, by the ledger's event: pressing again adds none."""
    first = sa.select(sa.func.max(event.c.at)).where(
        event.c.delivery_id == letter.id, event.c.kind == EventKind.UNSUBSCRIBED.value
    )
    return first.scalar_subquery()


def _has_open_confirmation(connection: Connection, letter: DeliveryRecord) -> bool:
    is_open = sa.exists().where(
        transactional.c.subscriber_id == letter.subscriber_id,
        transactional.c.kind == TransactionalKind.CONFIRM.value,
        transactional.c.used_at.is_(None),
    )
    return bool(connection.scalar(sa.select(is_open)))


def _record_event(
    connection: Connection, letter: DeliveryRecord, kind: EventKind, now: datetime
) -> None:
    # The count makes the key unique: unsubscribe, undo and unsubscribe may share a microsecond.
    number = connection.scalar(
        sa.select(sa.func.count()).select_from(event).where(event.c.delivery_id == letter.id)
    )
    connection.execute(
        sa.insert(event).values(
            key=f"lc:{letter.id}:{kind}:{now.isoformat()}:{number}",
            kind=kind.value,
            at=now,
            recorded_at=now,
            delivery_id=letter.id,
            subscriber_id=letter.subscriber_id,
            payload={},
        )
    )
