"""Somebody asks to join a list: who are they to us, and what do we send them?

What was typed is kept beside the mail that asks for a confirmation, and counts only once it is
given: nobody changes another's name, zone or list by typing their address. Each answer takes
the same statements, so that the time which one takes tells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.columns import Instant, to_microseconds
from lovecampaign.store.database import Database
from lovecampaign.store.tables import (
    DeliveryState,
    membership,
    subscriber,
    suppression,
    transactional,
)
from lovecampaign.store.transactional import AskedKind, ask, note_unsent

#: Confirmations to one address, whoever asks: enough for who mistypes, dull for who bothers.
MOST_AN_HOUR = 3
MOST_A_DAY = 10
#: An address that does not exist today may exist tomorrow: one try a day.
REST_AFTER_BOUNCE = timedelta(days=1)
#: They keep an address out until the operator lifts them. Who complained once and is written to
#: because somebody else typed their address would complain again.
BARRING = (SuppressionReason.COMPLAINT, SuppressionReason.MANUAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a form said, and where it came from: a consent, once it is confirmed."""

    list: str
    first_name: str = ""
    #: IANA name; '' where nobody knows.
    timezone: str = ""
    #: The language in which the form spoke.
    locale: str = ""
    consent_text: str
    consent_version: str
    form_url: str = ""
    ip: str = ""
    user_agent: str = ""

    def to_payload(self) -> Mapping[str, str]:
        return asdict(self)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Application:
        return cls(**payload)


class Answer(StrEnum):
    """What became of an application. The visitor is told the same in each case."""

    TO_CONFIRM = "to confirm"
    IS_MEMBER = "is on the list"  #: a mail says so, once a day
    TOO_OFTEN = "too often"
    BARRED = "barred"  #: complained, or was taken off by hand
    BOUNCED = "bounced"  #: the address did not exist a day ago


#: Which mail each answer is about.
_KINDS: Mapping[Answer, AskedKind] = {Answer.IS_MEMBER: AskedKind.ALREADY_MEMBER}


#: Written once: at hundreds of applications a second, putting a statement together costs more
#: than the database does.
_ADD_PERSON = sa.text(
    "INSERT INTO subscriber (address_key, email, fields, created_at, updated_at)"
    " VALUES (:key, :address, :fields, :now, :now) ON CONFLICT DO NOTHING"
)
_LOCK_PERSON = (
    sa.select(subscriber.c.id).where(subscriber.c.address_key == sa.bindparam("key"))
).with_for_update()
_READ_REASONS = (
    sa.select(suppression.c.reason, sa.func.max(suppression.c.at))
    .where(
        suppression.c.address_key == sa.bindparam("key"),
        sa.or_(suppression.c.list == "", suppression.c.list == sa.bindparam("list")),
        suppression.c.lifted_at.is_(None),
    )
    .group_by(suppression.c.reason)
)
_READ_LASTING = sa.select(membership.c.confirmed_at).where(
    membership.c.list == sa.bindparam("list"),
    membership.c.subscriber_id == sa.bindparam("person"),
    membership.c.confirmed_at.is_not(None),
    membership.c.consent_expires_at.is_(None),
)
_READ_ASKED = sa.select(transactional.c.created_at).where(
    transactional.c.subscriber_id == sa.bindparam("person"),
    transactional.c.created_at > sa.bindparam("since", type_=Instant),
    transactional.c.kind == sa.bindparam("kind"),
    transactional.c.state != DeliveryState.SKIPPED.value,
)
_ADD_PLACE = sa.text(
    "INSERT INTO membership (list, subscriber_id, joined_at) VALUES (:list, :person, :now)"
    " ON CONFLICT (list, subscriber_id) DO UPDATE SET joined_at = excluded.joined_at"
    " WHERE membership.confirmed_at IS NULL"
)


def apply_to_join(
    database: Database,
    address: str,
    key: str,
    application: Application,
    campaign_id: int,
    now: datetime,
) -> Answer:
    """Queue what the owner of an address gets; ``key`` is its normalised form.

    ``campaign_id`` is the row of the campaign whose words the mail speaks.
    """

    def work(connection: Connection) -> Answer:
        subscriber_id = _find_or_add(connection, address, key, now)
        answer = _judge(connection, key, subscriber_id, application.list, now)
        _add_unconfirmed(connection, subscriber_id, application.list, now)
        _answer(connection, answer, subscriber_id, application, campaign_id, now)
        return answer

    return database.write_together(work)


def is_mailable(connection: Connection, subscriber_id: int, list_name: str, now: datetime) -> bool:
    """Whether a person stands on a list, confirmed and not suppressed."""
    expires_at = membership.c.consent_expires_at
    statement = (
        sa.select(sa.literal(1))
        .select_from(membership.join(subscriber, subscriber.c.id == membership.c.subscriber_id))
        .where(
            membership.c.list == list_name,
            membership.c.subscriber_id == subscriber_id,
            membership.c.confirmed_at.is_not(None),
            sa.or_(expires_at.is_(None), expires_at > now),
            sa.not_(sa.exists().where(*reaches(subscriber.c.address_key, list_name))),
        )
    )
    return connection.scalar(statement) is not None


def reaches(key: str | sa.ColumnElement[str], list_name: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions on suppressions of an address that hold for a list today."""
    return (
        suppression.c.address_key == key,
        suppression.c.list.in_(["", list_name]),
        suppression.c.lifted_at.is_(None),
    )


def _find_or_add(connection: Connection, address: str, key: str, now: datetime) -> int:
    connection.execute(
        _ADD_PERSON, {"key": key, "address": address, "fields": "{}", "now": to_microseconds(now)}
    )
    # Locked, so that two applications at once are counted one after the other.
    subscriber_id: int = connection.scalars(_LOCK_PERSON, {"key": key}).one()
    return subscriber_id


def _judge(
    connection: Connection, key: str, subscriber_id: int, list_name: str, now: datetime
) -> Answer:
    reasons = dict(connection.execute(_READ_REASONS, {"key": key, "list": list_name}).all())
    is_member = _has_lasting_consent(connection, subscriber_id, list_name) and not reasons
    is_too_often = _is_too_often(connection, subscriber_id, is_member=is_member, now=now)
    if any(reason.value in reasons for reason in BARRING):
        return Answer.BARRED
    bounced_at = reasons.get(SuppressionReason.HARD_BOUNCE.value)
    if bounced_at is not None and bounced_at > now - REST_AFTER_BOUNCE:
        return Answer.BOUNCED
    if is_too_often:
        return Answer.TOO_OFTEN
    return Answer.IS_MEMBER if is_member else Answer.TO_CONFIRM


def _has_lasting_consent(connection: Connection, subscriber_id: int, list_name: str) -> bool:
    """Who is on the list by a consent that runs out may well give a better one."""
    found = connection.scalar(_READ_LASTING, {"person": subscriber_id, "list": list_name})
    return found is not None


def _is_too_often(
    connection: Connection, subscriber_id: int, *, is_member: bool, now: datetime
) -> bool:
    kind = AskedKind.ALREADY_MEMBER if is_member else AskedKind.CONFIRM
    times = connection.scalars(
        _READ_ASKED,
        {"person": subscriber_id, "kind": kind.value, "since": now - timedelta(days=1)},
    ).all()
    in_an_hour = sum(at > now - timedelta(hours=1) for at in times)
    return bool(times) if is_member else in_an_hour >= MOST_AN_HOUR or len(times) >= MOST_A_DAY


def _add_unconfirmed(
    connection: Connection, subscriber_id: int, list_name: str, now: datetime
) -> None:
    """A place on the list that gets nothing yet; asking again keeps it from being tidied up."""
    connection.execute(
        _ADD_PLACE, {"list": list_name, "person": subscriber_id, "now": to_microseconds(now)}
    )


def _answer(
    connection: Connection,
    answer: Answer,
    subscriber_id: int,
    application: Application,
    campaign_id: int,
    now: datetime,
) -> None:
    kind = _KINDS.get(answer, AskedKind.CONFIRM)
    if answer is Answer.TO_CONFIRM:
        ask(connection, kind, subscriber_id, campaign_id, application.to_payload(), now)
    elif answer is Answer.IS_MEMBER:
        ask(connection, kind, subscriber_id, campaign_id, {}, now)
    else:
        note_unsent(connection, kind, subscriber_id, campaign_id, answer.value, now)
