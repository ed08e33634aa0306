"""Somebody asks to join a list: who are they to us, and what do we send them?

What was typed is kept beside the mail that asks for a confirmation, and counts only once it is
given: nobody changes another's name, zone or list by typing their address. Each answer takes
the same statements, so that the time which one takes tells nothing; so many people may ask in
the hour of a launch that those who ask at once share them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.signup.request_rows import (
    ActiveSuppression,
    MembershipKey,
    TransactionalRow,
    add_memberships,
    add_transactional,
    list_permanent_memberships,
    list_request_times,
    list_suppressions,
    lock_or_add_subscribers,
)
from lovecampaign.store.subscribers.suppressions import PERMANENT_REASONS, suppression_conditions
from lovecampaign.store.tables import DeliveryState, membership, subscriber

#: Confirmations to one address, whoever asks: enough for who mistypes, dull for who bothers.
MAX_PER_HOUR = 3
MOST_A_DAY = 10
#: An address that does not exist today may exist tomorrow: one try a day.
REST_AFTER_BOUNCE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupForm:
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
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> SignupForm:
        return cls(**payload)


class SignupOutcome(StrEnum):
    """What became of an application. The visitor is told the same in each case."""

    TO_CONFIRM = "to confirm"
    IS_MEMBER = "is on the list"  #: a mail says so, once a day
    TOO_OFTEN = "too often"
    BARRED = "barred"  #: complained, or was taken off by hand
    BOUNCED = "bounced"  #: the address did not exist a day ago


#: Who gets an answer gets a mail of this kind.
_KINDS: Mapping[SignupOutcome, TransactionalKind] = {
    SignupOutcome.TO_CONFIRM: TransactionalKind.CONFIRM,
    SignupOutcome.IS_MEMBER: TransactionalKind.ALREADY_MEMBER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupRequest:
    """Who asks, and for what."""

    #: As it was typed, and its normalised form.
    address: str
    key: str
    application: SignupForm
    #: The row of the campaign whose words the mail speaks.
    campaign_id: int


def request_signup(
    database: Database,
    address: str,
    key: str,
    application: SignupForm,
    campaign_id: int,
    now: datetime,
) -> SignupOutcome:
    """Queue what the owner of an address gets; as an :class:`SignupRequest` says it."""
    one = SignupRequest(address=address, key=key, application=application, campaign_id=campaign_id)
    return request_signups(database, [one], now)[0]


def request_signups(
    database: Database, applicants: Sequence[SignupRequest], now: datetime
) -> Sequence[SignupOutcome]:
    """:func:`request_signup` for many who ask at once: all of them in one commit, or none."""
    answers: dict[int, SignupOutcome] = {}
    with database.write() as connection:
        while len(answers) < len(applicants):
            turn = _next_turn(applicants, answers)
            answers |= zip(turn, _take(connection, [applicants[n] for n in turn], now), strict=True)
    return [answers[number] for number in range(len(applicants))]


def is_mailable_member(
    connection: Connection, subscriber_id: int, list_name: str, campaign_key: str, now: datetime
) -> bool:
    """Whether a person stands on a list, confirmed and not suppressed in a campaign."""
    expires_at = membership.c.consent_expires_at
    statement = (
        sa.select(sa.literal(1))
        .select_from(membership.join(subscriber, subscriber.c.id == membership.c.subscriber_id))
        .where(
            membership.c.list == list_name,
            membership.c.subscriber_id == subscriber_id,
            membership.c.confirmed_at.is_not(None),
            sa.or_(expires_at.is_(None), expires_at > now),
            sa.not_(
                sa.exists().where(
                    *suppression_conditions(subscriber.c.address_key, list_name, campaign_key)
                )
            ),
        )
    )
    return connection.scalar(statement) is not None


def _next_turn(applicants: Sequence[SignupRequest], done: Collection[int]) -> Sequence[int]:
    """Each address once: who asks again is counted after their first application."""
    first: dict[str, int] = {}
    for number, one in enumerate(applicants):
        if number not in done:
            first.setdefault(one.key, number)
    return list(first.values())


def _take(
    connection: Connection, applicants: Sequence[SignupRequest], now: datetime
) -> Sequence[SignupOutcome]:
    people = lock_or_add_subscribers(connection, {one.key: one.address for one in applicants}, now)
    known = _read_known(connection, applicants, people, now)
    places = [(one.application.list, people[one.key]) for one in applicants]
    answers = [
        known.judge(one.key, *place, now) for one, place in zip(applicants, places, strict=True)
    ]
    add_memberships(connection, places, now)
    asked = zip(applicants, answers, strict=True)
    add_transactional(
        connection, [_row(one, answer, people[one.key]) for one, answer in asked], now
    )
    return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the database knew of applicants before."""

    suppressions: Mapping[str, Sequence[ActiveSuppression]]
    #: Who is on which list by a consent that does not run out. Who is on it by another may well
    #: give a better one.
    members: Collection[MembershipKey]
    #: When each asked for mail of a kind, within a day.
    asked: Mapping[tuple[int, str], Sequence[datetime]]

    def judge(self, key: str, list_name: str, person: int, now: datetime) -> SignupOutcome:
        held = [one for one in self.suppressions.get(key, ()) if one.list in ("", list_name)]
        is_member = (list_name, person) in self.members and not held
        if any(one.reason in PERMANENT_REASONS for one in held):
            return SignupOutcome.BARRED
        if any(_is_fresh_bounce(one, now) for one in held):
            return SignupOutcome.BOUNCED
        if self._is_too_often(person, is_member=is_member, now=now):
            return SignupOutcome.TOO_OFTEN
        return SignupOutcome.IS_MEMBER if is_member else SignupOutcome.TO_CONFIRM

    def _is_too_often(self, person: int, *, is_member: bool, now: datetime) -> bool:
        if is_member:
            return (person, TransactionalKind.ALREADY_MEMBER.value) in self.asked
        times = self.asked.get((person, TransactionalKind.CONFIRM.value), ())
        in_an_hour = sum(at > now - timedelta(hours=1) for at in times)
        return in_an_hour >= MAX_PER_HOUR or len(times) >= MOST_A_DAY


def _read_known(
    connection: Connection,
    applicants: Sequence[SignupRequest],
    people: Mapping[str, int],
    now: datetime,
) -> _Known:
    ids, lists = set(people.values()), {one.application.list for one in applicants}
    return _Known(
        suppressions=list_suppressions(connection, people),
        members=list_permanent_memberships(connection, lists, ids),
        asked=list_request_times(connection, ids, now - timedelta(days=1)),
    )


def _is_fresh_bounce(suppressed: ActiveSuppression, now: datetime) -> bool:
    is_bounce = suppressed.reason == SuppressionReason.HARD_BOUNCE
    return is_bounce and suppressed.at > now - REST_AFTER_BOUNCE


def _row(applicant: SignupRequest, answer: SignupOutcome, subscriber_id: int) -> TransactionalRow:
    """The mail; or that nothing was sent, and why."""
    kind = _KINDS.get(answer)
    is_to_confirm = answer is SignupOutcome.TO_CONFIRM
    return TransactionalRow(
        kind=(kind or TransactionalKind.CONFIRM).value,
        campaign_id=applicant.campaign_id,
        subscriber_id=subscriber_id,
        payload=applicant.application.to_payload() if is_to_confirm else {},
        state=DeliveryState.PLANNED if kind else DeliveryState.SKIPPED,
        detail=None if kind else answer.value,
    )
