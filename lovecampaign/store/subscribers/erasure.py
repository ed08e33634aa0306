"""Erasure: forget a subscriber, so that not even an import can bring them back.

All that identifies them is erased; the bare rows of the ledger stay, so that its counts stay true.
A keyed hash of the address is kept: with the key it recognises the address in an import, without it
the address cannot be recovered.

PostgreSQL keeps the old version of a row until VACUUM, SQLite in its WAL until a checkpoint.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.subscribers.wal_truncation import (
    request_wal_truncation,
    truncate_wal_if_due,
)
from lovecampaign.store.tables import (
    DeliveryState,
    Instant,
    buyer,
    consent,
    day_done,
    deal_extension,
    deal_waiting,
    delivery,
    desk_answer,
    desk_case,
    desk_exception,
    desk_letter,
    desk_step,
    event,
    forgotten,
    gift_taken,
    import_change,
    incoming_attachment,
    incoming_mail,
    membership,
    named_today,
    personal_note,
    preference,
    setting,
    story,
    subscriber,
    subscriber_tag,
    suppression,
    transactional,
)

_KEY_NAME = "forgotten_key"
#: Columns of a consent that identify its giver.
_CONSENT_ORIGIN = (
    *("source", "form_url", "ip", "user_agent", "locale", "confirmed_ip", "confirmed_user_agent"),
)

_NO_WORDS = dict.fromkeys(
    (
        *("address_key", "subject", "text", "detail", "message_id", "references"),
        *("from_name", "reply_to", "to_address", "html"),
    ),
    "",
)


def forget(database: Database, key: str, now: datetime) -> bool:
    """Forget the subscriber of a normalised address; returns whether there was anything.

    Planned deliveries are cancelled; one on the wire at this moment still settles.
    """
    with database.write() as connection:
        is_new = _keep_hash(connection, key, now)
        subscriber_id = connection.scalar(
            sa.select(subscriber.c.id).where(subscriber.c.address_key == key)
        )
        placeholder = f"forgotten:{subscriber_id or secrets.token_hex(8)}"
        _erase_address(connection, key, placeholder, now)
        if subscriber_id is not None:
            for earlier in _earlier_keys(connection, subscriber_id):
                _keep_hash(connection, earlier, now)
                _erase_address(connection, earlier, placeholder, now)
            _erase_subscriber(connection, subscriber_id, placeholder, now)
        request_wal_truncation(connection)
    truncate_wal_if_due(database)
    return is_new or subscriber_id is not None


def moved_source(subscriber_id: int) -> str:
    """``suppression.source`` of an address that a subscriber moved away from."""
    return f"moved to another address (person {subscriber_id})"


def read_hash_key(connection: Connection) -> str | None:
    """The key of the hashes; None while there are none."""
    if not connection.scalar(sa.select(sa.exists(sa.select(forgotten.c.hash)))):
        return None
    return connection.scalar(sa.select(setting.c.value).where(setting.c.name == _KEY_NAME))


def hash_address(hash_key: str, key: str) -> str:
    """The stored hash of a forgotten address: 64 hexadecimal digits."""
    return hmac.digest(hash_key.encode(), key.encode(), "sha256").hex()


def is_forgotten(connection: Connection, key: str) -> bool:
    """Whether the subscriber of a normalised address was forgotten, and has not returned."""
    hash_key = read_hash_key(connection)
    if hash_key is None:
        return False
    hashed = hash_address(hash_key, key)
    return bool(connection.scalar(sa.select(sa.exists().where(forgotten.c.hash == hashed))))


def lift_forgotten(connection: Connection, key: str) -> None:
    """A forgotten subscriber returned by themselves: imports may contain them again."""
    hash_key = read_hash_key(connection)
    if hash_key is not None:
        hashed = hash_address(hash_key, key)
        connection.execute(sa.delete(forgotten).where(forgotten.c.hash == hashed))


def _keep_hash(connection: Connection, key: str, now: datetime) -> bool:
    hashed = hash_address(_make_key(connection), key)
    statement = insert_or_ignore(connection, forgotten).values(hash=hashed, at=now)
    return connection.execute(statement.returning(forgotten.c.hash)).first() is not None


def _earlier_keys(connection: Connection, subscriber_id: int) -> Sequence[str]:
    """Their earlier addresses, without those that others have now."""
    is_theirs = suppression.c.source == moved_source(subscriber_id)
    is_anothers = sa.exists().where(subscriber.c.address_key == suppression.c.address_key)
    query = sa.select(suppression.c.address_key).where(is_theirs, sa.not_(is_anothers))
    return connection.scalars(query).all()


def _make_key(connection: Connection) -> str:
    """A key of its own: it outlives every change of the workspace's secret key."""
    connection.execute(
        insert_or_ignore(connection, setting).values(name=_KEY_NAME, value=secrets.token_hex(32))
    )
    value: str = connection.scalars(
        sa.select(setting.c.value).where(setting.c.name == _KEY_NAME)
    ).one()
    return value


def _erase_address(connection: Connection, key: str, placeholder: str, now: datetime) -> None:
    """Where the address itself is the key. The hash replaces the suppressions."""
    connection.execute(sa.delete(suppression).where(suppression.c.address_key == key))
    connection.execute(
        sa.update(buyer).where(buyer.c.address_key == key).values(address_key=placeholder)
    )
    _erase_mail(connection, incoming_mail.c.address_key == key, now)


def _erase_subscriber(
    connection: Connection, subscriber_id: int, placeholder: str, now: datetime
) -> None:
    connection.execute(
        sa.update(subscriber)
        .where(subscriber.c.id == subscriber_id)
        .values(
            address_key=placeholder,
            email="",
            first_name="",
            last_name="",
            timezone="",
            locale=None,
            fields={},
            last_active_at=None,
            updated_at=now,
            forgotten_at=now,
        )
    )
    for table in (
        subscriber_tag,
        membership,
        preference,
        deal_waiting,
        import_change,
        story,
        day_done,
        gift_taken,
        personal_note,
        named_today,
    ):
        connection.execute(sa.delete(table).where(table.c.subscriber_id == subscriber_id))
    _blank_logs(connection, subscriber_id, now)
    _erase_desk(connection, subscriber_id, now)
    _cancel_planned(connection, subscriber_id, now)


def _blank_logs(connection: Connection, subscriber_id: int, now: datetime) -> None:
    """The fact and time of a consent or an event stay; who, where and with what goes."""
    connection.execute(
        sa.update(deal_extension)
        .where(deal_extension.c.subscriber_id == subscriber_id)
        .values(why="")
    )
    connection.execute(
        sa.update(consent)
        .where(consent.c.subscriber_id == subscriber_id)
        .values(dict.fromkeys(_CONSENT_ORIGIN, ""))
    )
    theirs = sa.select(delivery.c.id).where(delivery.c.subscriber_id == subscriber_id)
    connection.execute(
        sa.update(event)
        .where(sa.or_(event.c.subscriber_id == subscriber_id, event.c.delivery_id.in_(theirs)))
        .values(payload={})
    )
    # The provider's words may repeat the address.
    _erase_mail(
        connection,
        sa.or_(
            incoming_mail.c.subscriber_id == subscriber_id, incoming_mail.c.delivery_id.in_(theirs)
        ),
        now,
    )
    for table in (delivery, transactional):
        connection.execute(
            sa.update(table)
            .where(table.c.subscriber_id == subscriber_id, table.c.detail.is_not(None))
            .values(detail=None)
        )


def _erase_mail(connection: Connection, condition: sa.ColumnElement[bool], now: datetime) -> None:
    """Words, addresses and attachments of mail; its answer is not waited for any more."""
    mails = sa.select(incoming_mail.c.id).where(condition)
    connection.execute(
        sa.delete(incoming_attachment).where(incoming_attachment.c.mail_id.in_(mails))
    )
    connection.execute(
        sa.update(desk_letter)
        .where(desk_letter.c.mail_id.in_(mails))
        .values(
            done_at=sa.func.coalesce(desk_letter.c.done_at, sa.literal(now, Instant)),
            why=SuppressionReason.FORGOTTEN.value,
        )
    )
    connection.execute(sa.update(incoming_mail).where(condition).values(_NO_WORDS))


def _erase_desk(connection: Connection, subscriber_id: int, now: datetime) -> None:
    """Answers and cases; a rule that was bent stays, without the reason."""
    connection.execute(
        sa.update(desk_answer)
        .where(desk_answer.c.subscriber_id == subscriber_id)
        .values(subject="", text="", words_hash="")
    )
    cases = sa.select(desk_case.c.id).where(desk_case.c.subscriber_id == subscriber_id)
    connection.execute(sa.update(desk_step).where(desk_step.c.case_id.in_(cases)).values(note=""))
    connection.execute(
        sa.update(desk_exception).where(desk_exception.c.case_id.in_(cases)).values(because="")
    )
    connection.execute(
        sa.update(desk_case)
        .where(desk_case.c.subscriber_id == subscriber_id)
        .values(
            about="", closed_at=sa.func.coalesce(desk_case.c.closed_at, sa.literal(now, Instant))
        )
    )


def _cancel_planned(connection: Connection, subscriber_id: int, now: datetime) -> None:
    cancelled = {"state": DeliveryState.CANCELLED.value, "settled_at": now}
    connection.execute(
        sa.update(delivery)
        .where(
            delivery.c.subscriber_id == subscriber_id,
            delivery.c.state == DeliveryState.PLANNED.value,
        )
        .values(**cancelled, reason=SuppressionReason.FORGOTTEN.value)
    )
    connection.execute(
        sa.update(transactional)
        .where(transactional.c.subscriber_id == subscriber_id)
        .values(payload={}, mailbox=None)
    )
    connection.execute(
        sa.update(transactional)
        .where(
            transactional.c.subscriber_id == subscriber_id,
            transactional.c.state == DeliveryState.PLANNED.value,
        )
        .values(**cancelled)
    )
