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
    list_confirmation_times,
    list_permanent_memberships,
    list_suppressions,
    list_told_members,
    lock_mailboxes,
    lock_or_add_subscribers,
)
from lovecampaign.store.subscribers.suppressions import EVERY_LIST, PERMANENT_REASONS
from lovecampaign.store.tables import DeliveryState

#: Limits of confirmations to one mailbox, by all its addresses together: enough after a typo, and
#: too few to harass the owner.
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

    @property
    def mailbox(self) -> str:
        return mailbox_key(self.key)


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
        lock_mailboxes(connection, (request.mailbox for request in requests))
        addresses = {one.key: one.address for one in reversed(requests)}  # as typed at first
        ids = lock_or_add_subscribers(connection, addresses, now)
        while len(outcomes) < len(requests):
            turn = _next_of_each_mailbox(requests, outcomes)
            taken = _process(connection, [requests[number] for number in turn], ids, now)
            outcomes |= zip(turn, taken, strict=True)
    return [outcomes[number] for number in range(len(requests))]


def _next_of_each_mailbox(
    requests: Sequence[SignupRequest], done: Collection[int]
) -> Sequence[int]:
    """Each mailbox once: its second request is counted after the first."""
    first: dict[str, int] = {}
    for number, request in enumerate(requests):
        if number not in done:
            first.setdefault(request.mailbox, number)
    return list(first.values())


def _process(
    connection: Connection,
    requests: Sequence[SignupRequest],
    subscriber_ids: Mapping[str, int],
    now: datetime,
) -> Sequence[SignupOutcome]:
    mailboxes = [one.mailbox for one in requests]
    ids = {one.key: subscriber_ids[one.key] for one in requests}
    a_day_ago = now - timedelta(days=1)
    lists = {one.form.list for one in requests}
    history = _SignupHistory(
        suppressions=list_suppressions(connection, ids),
        barred=list_barred_mailboxes(connection, mailboxes),
        members=list_permanent_memberships(connection, lists, ids.values()),
        told_members=list_told_members(connection, ids.values(), a_day_ago),
        confirmation_times=list_confirmation_times(connection, mailboxes, a_day_ago),
    )
    outcomes = [history.decide(one, ids[one.key], now) for one in requests]
    add_memberships(connection, [(one.form.list, ids[one.key]) for one in requests], now)
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
    #: Members that were told so within a day.
    told_members: Collection[int]
    #: The times of confirmations within a day, by mailbox.
    confirmation_times: Mapping[str, Sequence[datetime]]

    def decide(self, request: SignupRequest, subscriber_id: int, now: datetime) -> SignupOutcome:
        list_name, mailbox = request.form.list, request.mailbox
        suppressions = self.suppressions.get(request.key, ())
        active = [one for one in suppressions if one.list in (EVERY_LIST, list_name)]
        is_member = (list_name, subscriber_id) in self.members and not active
        is_barred = any(one.reason in PERMANENT_REASONS for one in active)
        if is_barred or {(mailbox, EVERY_LIST), (mailbox, list_name)} & set(self.barred):
            return SignupOutcome.BARRED
        bounces = (one.at for one in active if one.reason == SuppressionReason.HARD_BOUNCE)
        if any(at > now - PAUSE_AFTER_BOUNCE for at in bounces):
            return SignupOutcome.BOUNCED
        if is_member:
            is_told = subscriber_id in self.told_members
            return SignupOutcome.TOO_OFTEN if is_told else SignupOutcome.IS_MEMBER
        is_too_often = self._is_too_often(mailbox, now)
        return SignupOutcome.TOO_OFTEN if is_too_often else SignupOutcome.TO_CONFIRM

    def _is_too_often(self, mailbox: str, now: datetime) -> bool:
        times = self.confirmation_times.get(mailbox, ())
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
        mailbox=request.mailbox if is_to_confirm else None,
    )
