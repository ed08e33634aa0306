"""Takes sorted mail into the ledger: what it means for deliveries, addresses and the brake.

Mail is not signed, as a provider's events are: only what names a message of ours by its token
counts. The one exception is "stop", which counts for the address that wrote it. Events come first
and the mail's own row after them, so that a mail which was interrupted is taken in again; both have
keys of the mail, so that twice is once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.message import FaultKind
from lovecampaign.delivery.inbox.match import DeliveryMatch
from lovecampaign.delivery.inbox.sorting.addresses import ADDRESS
from lovecampaign.delivery.inbox.sorting.kinds import MailKind, SortedMail
from lovecampaign.delivery.provider_events import apply_reports
from lovecampaign.store.database.engine import Database
from lovecampaign.store.dialogue.desk.waiting import open_letters
from lovecampaign.store.ledger.events import EventKind, ProviderEvent
from lovecampaign.store.ledger.incoming import AttachmentRow, IncomingRow, record_incoming
from lovecampaign.store.ledger.match_events import normalise_or_none
from lovecampaign.store.subscribers.erasure import moved_source
from lovecampaign.store.tables import subscriber, suppression

_LOG = logging.getLogger(__name__)
#: Shown by ``explain``, as a From field can be forged.
_STOP_BY_ADDRESS = "by a mail from this address that names no letter of ours; from all lists"
#: The source noted with a suppression.
SOURCE = "inbox"
#: Mails per transaction.
_AT_ONCE = 500
_MAX_DETAIL = 500
#: Faults of the mailbox: three of them on different days rest the address.
_SOFT = frozenset({FaultKind.MAILBOX, FaultKind.DESTINATION})
_EVENTS: Mapping[MailKind, tuple[EventKind, SuppressionReason | None]] = {
    MailKind.BOUNCE_HARD: (EventKind.BOUNCED, SuppressionReason.HARD_BOUNCE),
    MailKind.BOUNCE_SOFT: (EventKind.SOFT_BOUNCED, None),
    MailKind.DELAYED: (EventKind.DEFERRED, None),
    MailKind.COMPLAINT: (EventKind.COMPLAINED, SuppressionReason.COMPLAINT),
    MailKind.UNSUBSCRIBE: (EventKind.UNSUBSCRIBED, SuppressionReason.UNSUBSCRIBED),
}


def take_in(
    database: Database,
    matches: Sequence[DeliveryMatch],
    campaigns: Mapping[str, Campaign],
    now: datetime,
) -> frozenset[str]:
    """Apply and store mail; returns the keys of those that were new.

    ``campaigns``: those that can be loaded, by id.
    """
    new: set[str] = set()
    for start in range(0, len(matches), _AT_ONCE):
        part = matches[start : start + _AT_ONCE]
        with database.read() as connection:
            events_of = [list(_events(connection, match, now)) for match in part]
            rows = [_row(match, now) for match in part]
        events = [one for found in events_of for one in found]
        # A "stop" that stops nothing is for the team to find out: whose letters are meant?
        for_people = [
            row.key
            for row, found in zip(rows, events_of, strict=True)
            if row.kind == MailKind.LETTER or not found
        ]
        apply_reports(database, events, campaigns, SOURCE, now)
        with database.write() as connection:
            new |= record_incoming(connection, rows)
            open_letters(connection, for_people)
    return frozenset(new)


def is_matched(match: DeliveryMatch) -> bool:
    """Whether the mail is about a message of ours, and written by its subscriber."""
    if match.transactional is not None:
        return True
    return match.delivery is not None and (
        match.filed.mail.kind not in (MailKind.LETTER, MailKind.UNSUBSCRIBE)
        or match.filed.mail.is_by_address
        or normalise_or_none(match.filed.mail.email) == match.delivery.address_key
    )


def _events(connection: Connection, match: DeliveryMatch, now: datetime) -> Iterable[ProviderEvent]:
    mail = match.filed.mail
    if mail.kind not in _EVENTS:
        if is_matched(match) and mail.status.startswith("2."):
            yield _event(connection, match, EventKind.DELIVERED, None, now)
        return
    kind, reason = _EVENTS[mail.kind]
    if kind is EventKind.SOFT_BOUNCED and mail.fault not in _SOFT:
        kind = EventKind.BLOCKED
    if is_matched(match):
        yield _event(connection, match, kind, reason, now)
    elif kind is EventKind.UNSUBSCRIBED and _is_subscriber(connection, mail.email):
        # A wrongly stopped reader can rejoin; a letter after a "no" cannot be taken back.
        _LOG.info("A mail that names no letter of ours to its writer said stop: it counts")
        by_address = replace(match, delivery=None, transactional=None)
        yield _event(connection, by_address, kind, reason, now, words=_STOP_BY_ADDRESS)


def _is_subscriber(connection: Connection, email: str) -> bool:
    key = normalise_or_none(email)
    is_theirs = sa.and_(subscriber.c.address_key == key, subscriber.c.forgotten_at.is_(None))
    return key is not None and bool(connection.scalar(sa.select(sa.exists().where(is_theirs))))


def _event(
    connection: Connection,
    match: DeliveryMatch,
    kind: EventKind,
    reason: SuppressionReason | None,
    now: datetime,
    words: str = "",
) -> ProviderEvent:
    mail, found = match.filed.mail, match.delivery
    return ProviderEvent(
        key=f"mail:{mail.key}",
        kind=kind,
        at=_at(mail, now),
        delivery_key=found.key if found else None,
        transactional_key=match.transactional,
        address=_reported_address(connection, match),
        suppresses=reason,
        unsubscribes_from_campaign=kind is EventKind.UNSUBSCRIBED and found is not None,
        payload={"reason": words or _detail(mail), "status": mail.status},
    )


def _reported_address(connection: Connection, match: DeliveryMatch) -> str:
    """The address that an event is about; '' for the subscriber's own.

    A report names the address where mail ended, which is another one behind a forwarding. It
    counts where the subscriber had it before.
    """
    if match.delivery is None:
        return match.filed.mail.email
    key = normalise_or_none(match.filed.mail.email) or ""
    source = moved_source(match.delivery.subscriber_id)
    was_theirs = sa.exists().where(suppression.c.address_key == key, suppression.c.source == source)
    return key if key and connection.scalar(sa.select(was_theirs)) else ""


def _row(match: DeliveryMatch, now: datetime) -> IncomingRow:
    mail, found = match.filed.mail, match.delivery
    is_erased = found is not None and found.is_forgotten
    has_words = mail.kind in (MailKind.LETTER, MailKind.UNSUBSCRIBE) and not is_erased
    return IncomingRow(
        key=mail.key,
        kind=mail.kind.value,
        at=_at(mail, now),
        recorded_at=now,
        address_key="" if is_erased else normalise_or_none(mail.email) or "",
        delivery_id=found.id if found else None,
        subscriber_id=found.subscriber_id if found and is_matched(match) else None,
        subject=_storable(mail.subject) if has_words else "",
        text=_storable(mail.text) if has_words else "",
        detail="" if is_erased else _detail(mail),
        **({} if is_erased else _parts(mail)),
    )


def _parts(mail: SortedMail) -> Mapping[str, Any]:
    """What an answer to a letter needs, as columns."""
    names = ("message_id", "references", "from_name", "reply_to", "to_address", "html")
    files = [
        AttachmentRow(name=_storable(one.name), type=one.type, size=one.size, content=one.content)
        for one in mail.attachments
    ]
    return {**{name: _storable(getattr(mail, name)) for name in names}, "attachments": files}


def _at(mail: SortedMail, now: datetime) -> datetime:
    """A clock that is ahead of ours does not count."""
    return min(mail.sent_at or now, now)


def _detail(mail: SortedMail) -> str:
    return _storable(ADDRESS.sub("(address)", mail.diagnostic)[:_MAX_DETAIL])


def _storable(text: str) -> str:
    """PostgreSQL stores neither zeros nor halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
