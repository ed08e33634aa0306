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
from lovecampaign.delivery.inbox.sorting.kinds import MailKind, SortedMail
from lovecampaign.store.ledger.incoming import said_before
from lovecampaign.store.ledger.lookup import DeliveryRecord, find_delivery
from lovecampaign.store.ledger.match_events import normalise_or_none
from lovecampaign.store.tables import delivery, subscriber

#: No person reads and writes that fast: a mail of its own, and the answer to one.
_FASTEST_LETTER = timedelta(minutes=1)
_FASTEST_REPLY = timedelta(seconds=15)
#: Characters of words that no person says twice in answers.
_LONG_TEXT = 60


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
    found = [_find(connection, signer, one) for one in filed]
    if connection is None:
        return found
    said: dict[tuple[str, str], str] = {}
    return [_without_program(connection, one, said) for one in found]


def _without_program(
    connection: Connection, found: DeliveryMatch, said: dict[tuple[str, str], str]
) -> DeliveryMatch:
    """A letter that a program wrote becomes automatic; ``said``: keys by writer and words."""
    mail = found.filed.mail
    if mail.kind is not MailKind.LETTER:
        return found
    is_new = said.setdefault((mail.email.lower(), mail.text), mail.key) == mail.key
    if not _is_program(connection, mail, is_new=is_new):
        return found
    automatic = replace(mail, kind=MailKind.AUTOMATIC)
    return replace(found, filed=replace(found.filed, mail=automatic))


def _find(
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
    return DeliveryMatch(filed=filed)


def _is_program(connection: Connection, mail: SortedMail, *, is_new: bool) -> bool:
    """Whether a letter came too fast for a person, or says the same once more.

    People who answer a mail are faster than those who write one, and say "Thanks!" twice.
    """
    key = normalise_or_none(mail.email)
    if mail.sent_at is None or key is None:
        return False
    is_long = len(mail.text) >= _LONG_TEXT or (mail.text and not mail.is_reply)
    if is_long and (not is_new or said_before(connection, mail.key, key, mail.text)):
        return True
    fastest = _FASTEST_REPLY if mail.is_reply else _FASTEST_LETTER
    return bool(connection.scalar(sa.select(_was_just_sent(key, mail.sent_at, fastest))))


def _was_just_sent(key: str, at: datetime, within: timedelta) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        subscriber.c.address_key == key,
        delivery.c.subscriber_id == subscriber.c.id,
        delivery.c.claimed_at.between(at - within, at + timedelta(seconds=5)),
    )
