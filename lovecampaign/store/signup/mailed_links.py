"""Mailed links: what must not be done from a forwarded letter needs a link by mail.

Downloading all data, erasure and an address change: such a link is valid for an hour, and reaches
the subscriber alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.address import reachable_key
from lovecampaign.audience.mailbox import mailbox_key
from lovecampaign.core.tokens import RowKey
from lovecampaign.store.ledger.transactional_mail import (
    SEND_TO,
    TransactionalKind,
    count_transactional,
    find_transactional,
    queue_transactional,
)
from lovecampaign.store.signup.request import MAX_PER_DAY, MAX_PER_HOUR
from lovecampaign.store.subscribers.suppressions import is_permanently_suppressed
from lovecampaign.store.tables import DeliveryState, campaign, subscriber, transactional

#: Links of one kind to one subscriber.
MAX_LINKS_PER_HOUR = 3
KINDS = frozenset(
    map(TransactionalKind, ("download", "forget", "move", "change-address", "follow-through"))
)


class LinkState(Enum):
    """The state of a mailed link."""

    GOOD = "good"
    USED = "used"  #: it works once
    EXPIRED = "expired"
    FORGOTTEN = "forgotten"  #: the subscriber is: nothing is left to do


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedLink:
    """A mailed link that was opened."""

    transactional_id: int
    kind: TransactionalKind
    state: LinkState
    subscriber_id: int
    address: str
    address_key: str
    #: The wanted address, as it was typed.
    new_address: str | None
    #: The campaign's row, and ``id`` in its campaign.yaml.
    campaign_id: int
    campaign_key: str


def request_link(
    connection: Connection,
    kind: TransactionalKind,
    subscriber_id: int,
    campaign_id: int,
    now: datetime,
) -> bool:
    """Queue a link to the subscriber's own address; False above the limit."""
    if _is_over_limit(connection, kind, subscriber_id, now):
        return False
    queue_transactional(connection, kind, subscriber_id, campaign_id, {}, now)
    return True


def request_address_change(
    connection: Connection, link: MailedLink, new_address: str, key: str, now: datetime
) -> bool:
    """Queue a link to the wanted address; ``key`` is its normalised form.

    False above the limits, of the subscriber and of the wanted mailbox, and for an address that is
    permanently suppressed.
    """
    kind, subscriber_id = TransactionalKind.CHANGE_ADDRESS, link.subscriber_id
    if _is_over_limit(connection, kind, subscriber_id, now):
        return False
    if is_permanently_suppressed(connection, key):
        return False
    if _is_target_over_limit(connection, key, now):
        return False
    payload = {SEND_TO: new_address}
    queue_transactional(connection, kind, subscriber_id, link.campaign_id, payload, now)
    return True


def find_mailed_link(
    connection: Connection, key: RowKey, now: datetime, *, for_update: bool = False
) -> MailedLink | None:
    """The link of a token; locked with ``for_update``."""
    asked = find_transactional(connection, key, for_update=for_update)
    if asked is None or asked.kind not in KINDS or asked.campaign_id is None:
        return None
    row = connection.execute(
        sa.select(
            subscriber.c.email,
            subscriber.c.address_key,
            subscriber.c.forgotten_at,
            campaign.c.key.label("campaign_key"),
        )
        .join(campaign, campaign.c.id == asked.campaign_id)
        .where(subscriber.c.id == asked.subscriber_id)
    ).one()
    if row.forgotten_at is not None:
        state = LinkState.FORGOTTEN
    elif asked.used_at is not None:
        state = LinkState.USED
    else:
        state = LinkState.GOOD if asked.is_valid(now) else LinkState.EXPIRED
    return MailedLink(
        transactional_id=asked.id,
        kind=asked.kind,
        state=state,
        subscriber_id=asked.subscriber_id,
        address=row.email,
        address_key=row.address_key,
        new_address=asked.payload.get(SEND_TO),
        campaign_id=asked.campaign_id,
        campaign_key=row.campaign_key,
    )


def _is_target_over_limit(connection: Connection, key: str, now: datetime) -> bool:
    """Whether the wanted mailbox got as many of these links as a sign-up may send.

    From any subscriber, and with any ``+tag``.
    """
    rows = connection.execute(
        sa.select(transactional.c.payload, transactional.c.created_at).where(
            transactional.c.kind == TransactionalKind.CHANGE_ADDRESS.value,
            transactional.c.created_at > now - timedelta(days=1),
            transactional.c.state != DeliveryState.SKIPPED.value,
        )
    )
    wanted = mailbox_key(key)
    times = [at for payload, at in rows if _mailbox_of(payload.get(SEND_TO, "")) == wanted]
    in_an_hour = sum(at > now - timedelta(hours=1) for at in times)
    return in_an_hour >= MAX_PER_HOUR or len(times) >= MAX_PER_DAY


def _mailbox_of(typed: str) -> str | None:
    key = reachable_key(typed)
    return mailbox_key(key) if key else None


def _is_over_limit(
    connection: Connection, kind: TransactionalKind, subscriber_id: int, now: datetime
) -> bool:
    since = now - timedelta(hours=1)
    return count_transactional(connection, kind, subscriber_id, since) >= MAX_LINKS_PER_HOUR
