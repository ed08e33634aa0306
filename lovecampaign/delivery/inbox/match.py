"""Matches sorted mail to the deliveries that it speaks of.

Only a token that we signed counts: a bounce about any address can be forged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.delivery.inbox.sort_files import FiledMail
from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.store.ledger.incoming import said_before
from lovecampaign.store.ledger.lookup import DeliveryRecord, find_delivery
from lovecampaign.store.ledger.match_events import normalise_or_none
from lovecampaign.store.tables import delivery, subscriber

#: No person answers that fast without quoting.
_FASTEST_ANSWER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMatch:
    """A sorted mail, and our message that it speaks of."""

    filed: FiledMail
    #: The opaque id, as in ``X-Lovecampaign-Delivery``; '' where no token of ours was found.
    token: str = ""
    delivery: DeliveryRecord | None = None
    #: Of a transactional message.
    transactional: RowKey | None = None


def match_mail(
    connection: Connection | None, signer: TokenSigner | None, filed: Sequence[FiledMail]
) -> Sequence[DeliveryMatch]:
    """Each mail with its delivery; without a database, with the token alone."""
    return [_match(connection, signer, one) for one in filed]


def _match(
    connection: Connection | None, signer: TokenSigner | None, filed: FiledMail
) -> DeliveryMatch:
    for token in filed.mail.tokens if signer else ():
        key = signer.verify(Purpose.DELIVERY, token) if signer else None
        if key is not None:
            found = find_delivery(connection, key) if connection is not None else None
            return DeliveryMatch(filed=filed, token=token, delivery=found)
        asked = signer.verify(Purpose.TRANSACTIONAL, token) if signer else None
        if asked is not None:
            return DeliveryMatch(filed=filed, token=token, transactional=asked)
    if connection is not None and _is_program(connection, filed):
        automatic = replace(filed.mail, kind=MailKind.AUTOMATIC)
        return DeliveryMatch(filed=replace(filed, mail=automatic))
    return DeliveryMatch(filed=filed)


def _is_program(connection: Connection, filed: FiledMail) -> bool:
    """Whether a letter came within a minute of ours without references, or repeats itself."""
    mail = filed.mail
    if mail.kind is not MailKind.LETTER or mail.is_reply or mail.sent_at is None:
        return False
    key = normalise_or_none(mail.email)
    if key is None:
        return False
    if mail.text and said_before(connection, mail.key, key, mail.text):
        return True
    return bool(connection.scalar(sa.select(_was_just_sent(key, mail.sent_at))))


def _was_just_sent(key: str, at: datetime) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        subscriber.c.address_key == key,
        delivery.c.subscriber_id == subscriber.c.id,
        delivery.c.claimed_at.between(at - _FASTEST_ANSWER, at + timedelta(seconds=5)),
    )
