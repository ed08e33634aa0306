"""What does a link do that was mailed to whoever asked for it, and is it still good?

What a forwarded letter must not do (show all that is kept, forget, change the address) needs
such a link: it is good for an hour, and suppression_conditions the reader alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.ledger.transactional_mail import (
    SEND_TO,
    TransactionalKind,
    count_transactional,
    find_transactional,
    queue_transactional,
)
from lovecampaign.store.subscribers.suppressions import is_permanently_suppressed
from lovecampaign.store.tables import campaign, subscriber

#: Links of one kind to one person, whoever asks for them.
MOST_AN_HOUR = 3
KINDS = frozenset(
    {
        TransactionalKind.DOWNLOAD,
        TransactionalKind.FORGET,
        TransactionalKind.MOVE,
        TransactionalKind.CHANGE_ADDRESS,
    }
)


class LinkState(Enum):
    """What a mailed link is worth."""

    GOOD = "good"
    USED = "used"  #: it did what it is for
    EXPIRED = "expired"
    FORGOTTEN = "forgotten"  #: the person is; so there is nothing left to do


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedLink:
    """A link that was opened."""

    transactional_id: int
    kind: TransactionalKind
    state: LinkState
    subscriber_id: int
    address: str
    address_key: str
    #: Where the person wants their mail from now on, as they typed it.
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
    """Queue a link to the person's own address; False where they had enough of them."""
    if _had_enough(connection, kind, subscriber_id, now):
        return False
    queue_transactional(connection, kind, subscriber_id, campaign_id, {}, now)
    return True


def request_address_change(
    connection: Connection, link: MailedLink, new_address: str, key: str, now: datetime
) -> bool:
    """Queue a link to the address that somebody wants to move to; ``key`` is its normalised form.

    False as above, and where that mailbox gets no mail whoever asks.
    """
    kind = TransactionalKind.CHANGE_ADDRESS
    if _had_enough(connection, kind, link.subscriber_id, now) or is_permanently_suppressed(
        connection, key
    ):
        return False
    queue_transactional(
        connection, kind, link.subscriber_id, link.campaign_id, {SEND_TO: new_address}, now
    )
    return True


def find_mailed_link(
    connection: Connection, transactional_id: int, now: datetime, *, for_update: bool = False
) -> MailedLink | None:
    """What a link's number leads to; locked where it is about to change anything."""
    asked = find_transactional(connection, transactional_id, for_update=for_update)
    if asked is None or asked.kind not in KINDS or asked.campaign_id is None:
        return None
    person = connection.execute(
        sa.select(
            subscriber.c.email,
            subscriber.c.address_key,
            subscriber.c.forgotten_at,
            campaign.c.key.label("campaign_key"),
        )
        .join(campaign, campaign.c.id == asked.campaign_id)
        .where(subscriber.c.id == asked.subscriber_id)
    ).one()
    if person.forgotten_at is not None:
        state = LinkState.FORGOTTEN
    elif asked.used_at is not None:
        state = LinkState.USED
    else:
        state = LinkState.GOOD if asked.is_good(now) else LinkState.EXPIRED
    return MailedLink(
        transactional_id=asked.id,
        kind=asked.kind,
        state=state,
        subscriber_id=asked.subscriber_id,
        address=person.email,
        address_key=person.address_key,
        new_address=asked.payload.get(SEND_TO),
        campaign_id=asked.campaign_id,
        campaign_key=person.campaign_key,
    )


def _had_enough(
    connection: Connection, kind: TransactionalKind, subscriber_id: int, now: datetime
) -> bool:
    since = now - timedelta(hours=1)
    return count_transactional(connection, kind, subscriber_id, since) >= MOST_AN_HOUR
