"""Sign-up requests: decide on each, and queue what the owner of the address is sent.

The form's values are stored beside the message that asks for a confirmation, and count only once
it is given: typing an address changes nothing of its owner's name, zone or lists. Each outcome
takes the same statements, so that the time it takes reveals nothing; and concurrent requests share
them, because hundreds per second may come in the hour of a launch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.engine import Connection

from lovecampaign.audience.mailbox import mailbox_key
from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.signup.request_rows import (
    ActiveSuppression,
    MembershipKey,
    TransactionalRow,
    add_memberships,
    add_transactional,
    list_barred_mailboxes,
    list_permanent_memberships,
    list_request_times,
    list_suppressions,
    lock_or_add_subscribers,
)
from lovecampaign.store.subscribers.suppressions import EVERY_LIST, PERMANENT_REASONS
from lovecampaign.store.tables import DeliveryState

#: Limits of confirmations to one address: enough after a typo, and too few to harass the owner.
MAX_PER_HOUR = 3
MAX_PER_DAY = 10
#: An address that does not exist today may exist tomorrow: one try a day.
PAUSE_AFTER_BOUNCE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupForm:
    """The form's values and origin: a consent, once it is confirmed."""

    list: str
    first_name: str = ""
    #: IANA name; '' where unknown.
    timezone: str = ""
    #: The language of the form.
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
    """The decision on a sign-up request. The visitor's answer is the same in each case."""

    TO_CONFIRM = "to confirm"
    IS_MEMBER = "is on the list"  #: a message says so, once a day
    TOO_OFTEN = "too often"
    BARRED = "barred"  #: suppressed by a complaint or by hand
    BOUNCED = "bounced"  #: a hard bounce within a day


#: The message that follows an outcome; the others have none.
_KINDS: Mapping[SignupOutcome, TransactionalKind] = {
    SignupOutcome.TO_CONFIRM: TransactionalKind.CONFIRM,
    SignupOutcome.IS_MEMBER: TransactionalKind.ALREADY_MEMBER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupRequest:
    """An address that asks to join a list."""

    #: As it was typed, and its normalised form.
    address: str
    key: str
    form: SignupForm
    #: The row of the campaign that words the message.
    campaign_id: int


def request_signup(
    database: Database,
    address: str,
    key: str,
    form: SignupForm,
    campaign_id: int,
    now: datetime,
) -> SignupOutcome:
    """:func:`request_signups` for one request."""
    one = SignupRequest(address=address, key=key, form=form, campaign_id=campaign_id)
    return request_signups(database, [one], now)[0]


def request_signups(
    database: Database, requests: Sequence[SignupRequest], now: datetime
) -> Sequence[SignupOutcome]:
    """Queue the message that follows each request: all of them in one commit, or none."""
    outcomes: dict[int, SignupOutcome] = {}
    with database.write() as connection:
        while len(outcomes) < len(requests):
            turn = _next_of_each_address(requests, outcomes)
            taken = _process(connection, [requests[number] for number in turn], now)
            outcomes |= zip(turn, taken, strict=True)
    return [outcomes[number] for number in range(len(requests))]


def _next_of_each_address(
    requests: Sequence[SignupRequest], done: Collection[int]
) -> Sequence[int]:
    """Each address once: its second request is counted after the first."""
    first: dict[str, int] = {}
    for number, request in enumerate(requests):
        if number not in done:
            first.setdefault(request.key, number)
    return list(first.values())


def _process(
    connection: Connection, requests: Sequence[SignupRequest], now: datetime
) -> Sequence[SignupOutcome]:
    addresses = {one.key: one.address for one in requests}
    ids = lock_or_add_subscribers(connection, addresses, now)
    lists = {one.form.list for one in requests}
    history = _SignupHistory(
        suppressions=list_suppressions(connection, ids),
        barred=list_barred_mailboxes(connection, map(mailbox_key, ids)),
        members=list_permanent_memberships(connection, lists, ids.values()),
        request_times=list_request_times(connection, ids.values(), now - timedelta(days=1)),
    )
    memberships = [(one.form.list, ids[one.key]) for one in requests]
    outcomes = [
        history.decide(one.key, *membership, now)
        for one, membership in zip(requests, memberships, strict=True)
    ]
    add_memberships(connection, memberships, now)
    rows = [
        _transactional_row(one, outcome, ids[one.key])
        for one, outcome in zip(requests, outcomes, strict=True)
    ]
    add_transactional(connection, rows, now)
    return outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignupHistory:
    """The stored facts that decide on requests."""

    suppressions: Mapping[str, Sequence[ActiveSuppression]]
    #: Mailboxes that are barred, by whichever of their addresses, and from which list.
    barred: Collection[tuple[str, str]]
    #: Memberships by a consent that does not expire. A new one may replace another that does.
    members: Collection[MembershipKey]
    #: The times of requests within a day, by subscriber and kind.
    request_times: Mapping[tuple[int, str], Sequence[datetime]]

    def decide(self, key: str, list_name: str, subscriber_id: int, now: datetime) -> SignupOutcome:
        active = [
            one for one in self.suppressions.get(key, ()) if one.list in (EVERY_LIST, list_name)
        ]
        is_member = (list_name, subscriber_id) in self.members and not active
        mailbox = mailbox_key(key)
        is_barred = any(one.reason in PERMANENT_REASONS for one in active)
        if is_barred or {(mailbox, EVERY_LIST), (mailbox, list_name)} & set(self.barred):
            return SignupOutcome.BARRED
        bounces = (one.at for one in active if one.reason == SuppressionReason.HARD_BOUNCE)
        if any(at > now - PAUSE_AFTER_BOUNCE for at in bounces):
            return SignupOutcome.BOUNCED
        if self._is_too_often(subscriber_id, is_member=is_member, now=now):
            return SignupOutcome.TOO_OFTEN
        return SignupOutcome.IS_MEMBER if is_member else SignupOutcome.TO_CONFIRM

    def _is_too_often(self, subscriber_id: int, *, is_member: bool, now: datetime) -> bool:
        if is_member:
            return (subscriber_id, TransactionalKind.ALREADY_MEMBER.value) in self.request_times
        times = self.request_times.get((subscriber_id, TransactionalKind.CONFIRM.value), ())
        in_an_hour = sum(at > now - timedelta(hours=1) for at in times)
        return in_an_hour >= MAX_PER_HOUR or len(times) >= MAX_PER_DAY


def _transactional_row(
    request: SignupRequest, outcome: SignupOutcome, subscriber_id: int
) -> TransactionalRow:
    """The message; or the record that none was sent, and why."""
    kind = _KINDS.get(outcome)
    is_to_confirm = outcome is SignupOutcome.TO_CONFIRM
    return TransactionalRow(
        kind=(kind or TransactionalKind.CONFIRM).value,
        campaign_id=request.campaign_id,
        subscriber_id=subscriber_id,
        payload=request.form.to_payload() if is_to_confirm else {},
        state=DeliveryState.PLANNED if kind else DeliveryState.SKIPPED,
        detail=None if kind else outcome.value,
    )
