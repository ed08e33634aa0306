"""Somebody leaves a campaign through one of its letters, or takes that back: what changes?

It has to work for ever, also when the campaign's files are gone: the lists that are left stand
in the database since the letter went out. Where not even they are known, everything is left.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.ledger.events import EventKind
from lovecampaign.store.ledger.finding_deliveries import DeliveryRecord
from lovecampaign.store.subscribers.suppressions import EVERY_LIST, Suppression, add_suppression
from lovecampaign.store.tables import campaign, event, suppression

#: A letter lies about for years, and may be in others' hands: later, one joins anew.
UNDO_WITHIN = timedelta(days=1)
#: What their mail server said, they did not.
_BOUNCED = (SuppressionReason.HARD_BOUNCE.value, SuppressionReason.SOFT_BOUNCES.value)


def unsubscribe_by_link(
    connection: Connection, found: DeliveryRecord, lists: Collection[str], now: datetime
) -> bool:
    """Take the reader of a letter off these lists of its campaign, and off all that the ledger
    knows of; tells whether that was new. The claim of the next letter sees it.
    """
    wanted = Suppression(
        reason=SuppressionReason.UNSUBSCRIBED,
        lists=lists_to_unsubscribe(connection, found.campaign_id, lists),
        source=_source(found),
    )
    is_new = add_suppression(connection, found.address_key, wanted, now)
    if is_new:
        _note(connection, found, EventKind.UNSUBSCRIBED, now)
    return is_new


def undo_unsubscribe(connection: Connection, found: DeliveryRecord, now: datetime) -> bool:
    """Take back what this letter's own link did within the last day; tells whether it did.

    Whoever left in another way has left: a forwarded letter brings nobody back.
    """
    lifted = connection.execute(
        sa.update(suppression).where(*_is_own(found), _is_fresh(now)).values(lifted_at=now)
    )
    if lifted.rowcount == 0:
        return False
    _note(connection, found, EventKind.UNSUBSCRIBE_UNDONE, now)
    return True


def can_undo_unsubscribe(connection: Connection, found: DeliveryRecord, now: datetime) -> bool:
    """Whether :func:`undo_unsubscribe` would do anything."""
    return bool(connection.scalar(sa.select(sa.exists().where(*_is_own(found), _is_fresh(now)))))


def is_unsubscribed(connection: Connection, found: DeliveryRecord, lists: Collection[str]) -> bool:
    """Whether no list of the campaign is left on which we may write to this reader."""
    wanted = lists_to_unsubscribe(connection, found.campaign_id, lists)
    left = set(
        connection.scalars(
            sa.select(suppression.c.list).where(
                suppression.c.address_key == found.address_key,
                suppression.c.reason.not_in(_BOUNCED),
                suppression.c.lifted_at.is_(None),
            )
        )
    )
    return EVERY_LIST in left or wanted <= left


def lists_to_unsubscribe(
    connection: Connection, campaign_id: int, lists: Collection[str]
) -> frozenset[str]:
    """These, and every list that the campaign had when it was sent; all there are, if none."""
    recorded = connection.scalar(sa.select(campaign.c.lists).where(campaign.c.id == campaign_id))
    return frozenset({*lists, *(recorded or ())}) or frozenset({EVERY_LIST})


def _source(found: DeliveryRecord) -> str:
    return f"letter {found.id}"


def _is_own(found: DeliveryRecord) -> tuple[sa.ColumnElement[bool], ...]:
    """What this letter's link did, and nobody has taken back."""
    return (
        suppression.c.address_key == found.address_key,
        suppression.c.reason == SuppressionReason.UNSUBSCRIBED.value,
        suppression.c.source == _source(found),
        suppression.c.lifted_at.is_(None),
    )


def _is_fresh(now: datetime) -> sa.ColumnElement[bool]:
    return suppression.c.at > now - UNDO_WITHIN


def _note(connection: Connection, found: DeliveryRecord, kind: EventKind, now: datetime) -> None:
    # In the same microsecond somebody may leave, come back and leave: the number tells apart.
    number = connection.scalar(
        sa.select(sa.func.count()).select_from(event).where(event.c.delivery_id == found.id)
    )
    connection.execute(
        sa.insert(event).values(
            key=f"lc:{found.id}:{kind}:{now.isoformat()}:{number}",
            kind=kind.value,
            at=now,
            recorded_at=now,
            delivery_id=found.id,
            subscriber_id=found.subscriber_id,
            payload={},
        )
    )
