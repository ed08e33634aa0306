"""SQL for sign-up requests: one statement per question for all concurrent requests.

At hundreds of requests per second, one by one cost 0.5 ms each, and together a tenth of that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.store.database.json_parameters import (
    json_at,
    json_parameter,
    json_rows,
    json_values,
    number_at,
    text_at,
)
from lovecampaign.store.database.types import Instant
from lovecampaign.store.database.upsert import Insert, InsertInto, built_once
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.subscribers.suppressions import PERMANENT_REASONS
from lovecampaign.store.tables import (
    DeliveryState,
    membership,
    subscriber,
    suppression,
    transactional,
)

#: A list and a subscriber's id.
MembershipKey = tuple[str, int]
#: First key of the advisory locks of mailboxes on PostgreSQL ("mail" in ASCII); the second is a
#: hash of the mailbox.
MAILBOX_LOCK = 0x6D61696C
_ROWS = json_rows("rows", "request")
_NOW = sa.bindparam("now", type_=Instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSuppression:
    """A suppression of an address that is not lifted."""

    list: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionalRow:
    """A message for the queue, or the record that none was sent."""

    kind: str
    campaign_id: int
    subscriber_id: int
    payload: Mapping[str, object]
    state: DeliveryState
    #: Why none was sent.
    detail: str | None = None
    #: Of a confirmation, for the limit of them.
    mailbox: str | None = None


def lock_mailboxes(connection: Connection, mailboxes: Iterable[str]) -> None:
    """Lock mailboxes until the end: two spellings in two processes are counted one by one.

    SQLite has one writer anyway. In order: two groups with the same mailboxes would deadlock.
    """
    if connection.dialect.name == "postgresql":
        numbers = sorted({_lock_number(mailbox) for mailbox in mailboxes})
        connection.execute(_LOCK_MAILBOXES, {"numbers": json_parameter(numbers)})


def lock_or_add_subscribers(
    connection: Connection, addresses: Mapping[str, str], now: datetime
) -> Mapping[str, int]:
    """Addresses as typed, by key; returns the id of each subscriber by key.

    They stay locked until the end, so that two requests at once are counted one after the other.
    Sorted: two groups with the same addresses would deadlock.
    """
    rows = json_parameter(sorted(addresses.items()))
    statement = _insert_subscribers(connection)
    connection.execute(statement, {"rows": rows, "none": {}, "now": now})
    ids = connection.execute(_LOCK_SUBSCRIBERS, {"keys": json_parameter(addresses)})
    return dict(ids.all())


def list_suppressions(
    connection: Connection, keys: Iterable[str]
) -> Mapping[str, Sequence[ActiveSuppression]]:
    """The active suppressions of these addresses, of any list."""
    active: dict[str, list[ActiveSuppression]] = defaultdict(list)
    rows = connection.execute(_READ_SUPPRESSIONS, {"keys": json_parameter(keys)})
    for key, name, reason, at in rows:
        active[key].append(ActiveSuppression(list=name, reason=reason, at=at))
    return active


def list_barred_mailboxes(
    connection: Connection, mailboxes: Iterable[str]
) -> Collection[tuple[str, str]]:
    """The mailboxes that only the operator frees, and the list of each such suppression."""
    rows = connection.execute(_READ_BARRED, {"mailboxes": json_parameter(set(mailboxes))})
    return {(mailbox, name) for mailbox, name in rows}


def list_permanent_memberships(
    connection: Connection, lists: Collection[str], ids: Collection[int]
) -> Collection[MembershipKey]:
    """Their confirmed memberships by a consent that does not expire."""
    parameters = {"lists": json_parameter(lists), "ids": json_parameter(ids)}
    rows = connection.execute(_READ_PERMANENT, parameters)
    return {(name, subscriber_id) for name, subscriber_id in rows}


def list_confirmation_times(
    connection: Connection, mailboxes: Iterable[str], since: datetime
) -> Mapping[str, Sequence[datetime]]:
    """When confirmations to each mailbox were requested, by any spelling; without skipped ones."""
    times: dict[str, list[datetime]] = defaultdict(list)
    parameters = {"mailboxes": json_parameter(set(mailboxes)), "since": since}
    for mailbox, at in connection.execute(_READ_CONFIRMATIONS, parameters):
        times[mailbox].append(at)
    return times


def list_told_members(
    connection: Connection, ids: Collection[int], since: datetime
) -> Collection[int]:
    """The subscribers that were told that they are members already, on any list."""
    parameters = {"ids": json_parameter(ids), "since": since}
    return set(connection.scalars(_READ_TOLD_MEMBERS, parameters))


def add_memberships(
    connection: Connection, memberships: Iterable[MembershipKey], now: datetime
) -> None:
    """Unconfirmed memberships; a repeated request postpones their deletion."""
    statement = _insert_memberships(connection)
    rows = json_parameter(sorted(set(memberships)))
    connection.execute(statement, {"rows": rows, "now": now})


def add_transactional(
    connection: Connection, messages: Iterable[TransactionalRow], now: datetime
) -> None:
    """Queue the messages, and record the skipped ones in the same way."""
    rows = json_parameter(
        (
            one.kind,
            one.campaign_id,
            one.subscriber_id,
            one.payload,
            one.state.value,
            one.detail,
            one.mailbox,
        )
        for one in messages
    )
    skipped = DeliveryState.SKIPPED.value
    connection.execute(_ADD_TRANSACTIONAL, {"rows": rows, "now": now, "skipped": skipped})


def _lock_number(mailbox: str) -> int:
    """A signed number of 32 bits. The same for two mailboxes: one waits for the other."""
    return crc32(mailbox.encode()) - 2**31


@built_once
def _insert_subscribers(insert_into: InsertInto) -> Insert:
    none = sa.bindparam("none", type_=sa.JSON)
    rows = sa.select(text_at(_ROWS, 0), text_at(_ROWS, 1), none, _NOW, _NOW).where(sa.true())
    columns = ["address_key", "email", "fields", "created_at", "updated_at"]
    return insert_into(subscriber).from_select(columns, rows).on_conflict_do_nothing()


@built_once
def _insert_memberships(insert_into: InsertInto) -> Insert:
    rows = sa.select(text_at(_ROWS, 0), number_at(_ROWS, 1), _NOW).where(sa.true())
    statement = insert_into(membership).from_select(["list", "subscriber_id", "joined_at"], rows)
    return statement.on_conflict_do_update(
        index_elements=["list", "subscriber_id"],
        set_={"joined_at": statement.excluded.joined_at},
        where=membership.c.confirmed_at.is_(None),
    )


#: Built once: building a statement costs more than the database takes for it.
_LOCK_SUBSCRIBERS = (
    sa.select(subscriber.c.address_key, subscriber.c.id)
    .where(subscriber.c.address_key.in_(json_values("keys", sa.Text())))
    .order_by(subscriber.c.id)
    .with_for_update()
)
_READ_SUPPRESSIONS = sa.select(
    suppression.c.address_key,
    suppression.c.list,
    suppression.c.reason,
    suppression.c.at,
).where(
    suppression.c.address_key.in_(json_values("keys", sa.Text())), suppression.c.lifted_at.is_(None)
)
_READ_BARRED = sa.select(suppression.c.mailbox, suppression.c.list).where(
    suppression.c.mailbox.in_(json_values("mailboxes", sa.Text())),
    suppression.c.reason.in_([reason.value for reason in PERMANENT_REASONS]),
    suppression.c.lifted_at.is_(None),
)
_READ_PERMANENT = sa.select(membership.c.list, membership.c.subscriber_id).where(
    membership.c.list.in_(json_values("lists", sa.Text())),
    membership.c.subscriber_id.in_(json_values("ids")),
    membership.c.confirmed_at.is_not(None),
    membership.c.consent_expires_at.is_(None),
)
_LOCK_NUMBERS = json_rows("numbers", "lock")
#: In the order of the numbers: rows of an array come as they are.
_LOCK_MAILBOXES = sa.select(
    sa.func.pg_advisory_xact_lock(
        sa.literal_column(str(MAILBOX_LOCK)), sa.cast(_LOCK_NUMBERS.c.value, sa.Integer)
    )
)
_IS_RECENT = sa.and_(
    transactional.c.created_at > sa.bindparam("since", type_=Instant),
    transactional.c.state != DeliveryState.SKIPPED.value,
)
_READ_CONFIRMATIONS = sa.select(transactional.c.mailbox, transactional.c.created_at).where(
    transactional.c.mailbox.in_(json_values("mailboxes", sa.Text())), _IS_RECENT
)
_READ_TOLD_MEMBERS = sa.select(transactional.c.subscriber_id).where(
    transactional.c.subscriber_id.in_(json_values("ids")),
    transactional.c.kind == TransactionalKind.ALREADY_MEMBER.value,
    _IS_RECENT,
)
_ADD_TRANSACTIONAL = sa.insert(transactional).from_select(
    [
        "kind",
        "campaign_id",
        "subscriber_id",
        "payload",
        "state",
        "detail",
        "mailbox",
        "created_at",
        "next_try_at",
        "settled_at",
    ],
    sa.select(
        text_at(_ROWS, 0),
        number_at(_ROWS, 1),
        number_at(_ROWS, 2),
        json_at(_ROWS, 3),
        text_at(_ROWS, 4),
        text_at(_ROWS, 5),
        text_at(_ROWS, 6),
        _NOW,
        _NOW,
        sa.case((text_at(_ROWS, 4) == sa.bindparam("skipped"), _NOW)),
    ),
)
