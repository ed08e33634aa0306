"""Recovers the claims of a process that died.

By its flight journal: what was never written goes back to ``planned``, what was answered is
settled, and the rest is in doubt, unless the provider can tell whether it was sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.engine import Connection

from lovecampaign.core.interval import Interval
from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.base.reply_streak import ReplyStreak
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.base.settlements import (
    decide_settlement,
    mark_in_doubt,
    put_back,
    put_back_rejected,
)
from lovecampaign.store.ledger.counters import EmailCounts, add_to_email
from lovecampaign.store.ledger.settle_by_event import settle_all_in_doubt_by_events
from lovecampaign.store.sending.flight_journal import FlightRecord, read_flight
from lovecampaign.store.sending.in_doubt import OpenDelivery, list_claims
from lovecampaign.store.sending.senders import (
    OpenOwner,
    close_owner,
    list_open_owners,
    lock_if_dead,
)
from lovecampaign.store.sending.settle import Settlement, settle
from lovecampaign.store.sending.transactional_queue import (
    ClaimedMail,
    list_transactional_claims,
    settle_transactional,
)
from lovecampaign.store.tables import DeliveryState

SECONDS_BETWEEN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredClaims:
    """Claims of dead processes that ended neither sent nor failed."""

    in_doubt: int = 0
    #: Due again.
    put_back: int = 0
    #: Of those in doubt: the flight journal is on another machine, or lost.
    unread: int = 0

    def __add__(self, other: RecoveredClaims) -> RecoveredClaims:
        return RecoveredClaims(
            in_doubt=self.in_doubt + other.in_doubt,
            put_back=self.put_back + other.put_back,
            unread=self.unread + other.unread,
        )

    @property
    def in_words(self) -> str:
        """For the operator."""
        words = (
            f"took over from a sender that died: {self.put_back:,} due again, "
            f"{self.in_doubt:,} in doubt"
        )
        if not self.unread:
            return words
        return (
            f"{words}; the flight journal of {self.unread:,} cannot be read from here: an event of "
            "the provider settles them, or you: lovecampaign in-doubt"
        )


def recover(sender: SendingProcess) -> RecoveredClaims:
    """Take over from every dead process, and settle what events have proved since."""
    settle_all_in_doubt_by_events(sender.database, sender.clock.now())
    with sender.database.read() as connection:
        others = list_open_owners(connection, sender.owner.id)
    recovered = RecoveredClaims()
    for owner in others:
        if owner.is_left_to_its_machine(datetime.now(UTC)):
            continue
        with lock_if_dead(sender.database, owner) as is_dead:
            if is_dead:
                recovered += _recover_one(sender, owner)
    return recovered


class RecoveryTimer:
    """Recovers the claims of dead processes during one pass.

    At its start and end, and every ten seconds in between (ARCHITECTURE.md, "The ledger").
    """

    def __init__(self, sender: SendingProcess, seconds_between: float = SECONDS_BETWEEN) -> None:
        self.recovered = RecoveredClaims()
        self._sender = sender
        self._interval = Interval(seconds_between)
        self._interval.restart()

    def run(self) -> None:
        """Recover now."""
        self.recovered += recover(self._sender)
        self._interval.restart()

    def run_if_due(self) -> None:
        """Between two chunks of a long pass."""
        if self._interval.is_due():
            self.run()


def _recover_one(sender: SendingProcess, owner: OpenOwner) -> RecoveredClaims:
    flight = read_flight(owner.journal) if owner.is_of_this_boot else None
    now = sender.clock.now()
    with sender.database.write() as connection:
        _recover_transactional(connection, sender, owner, flight, now)
        claims = list_claims(connection, owner.id)
        settlements = [
            _settlement(sender, owner, flight, each, Purpose.DELIVERY, now) for each in claims
        ]
        settlements = _put_back_where_alike(sender, flight, claims, settlements, now)
        for campaign_key in {each.campaign_key for each in claims}:
            mine = [
                settlement
                for claim, settlement in zip(claims, settlements, strict=True)
                if claim.campaign_key == campaign_key
            ]
            settle(connection, mine, campaign_key, now)
        for email_id, counts in _counts_by_email(claims, settlements).items():
            add_to_email(connection, email_id, counts)
        close_owner(connection, owner.id, now)
    owner.journal.unlink(missing_ok=True)
    states = Counter(each.state for each in settlements)
    return RecoveredClaims(
        in_doubt=states[DeliveryState.IN_DOUBT],
        put_back=states[DeliveryState.PLANNED],
        unread=states[DeliveryState.IN_DOUBT] if flight is None else 0,
    )


def _put_back_where_alike(
    sender: SendingProcess,
    flight: FlightRecord | None,
    claims: Sequence[OpenDelivery],
    settlements: Sequence[Settlement],
    now: datetime,
) -> list[Settlement]:
    """Five rejections in a row in the journal that are alike are about us, not the recipients."""
    outcomes = flight.outcomes if flight is not None else {}
    found = [outcomes.get(sender.signer.sign(Purpose.DELIVERY, each.key)) for each in claims]
    streak, net = ReplyStreak(), None
    for claim, outcome in zip(claims, found, strict=True):
        if outcome is not None and net is None:
            is_first = claim.attempts <= 1
            net = streak.note(
                claim.id, outcome, now, is_first_try=is_first, accepted_since=lambda: True
            )
    return [
        put_back_rejected(claim, now, outcome.detail)
        if net is not None and outcome is not None and net.covers(outcome)
        else settlement
        for claim, outcome, settlement in zip(claims, found, settlements, strict=True)
    ]


def _counts_by_email(
    claims: Sequence[OpenDelivery], settlements: Sequence[Settlement]
) -> Mapping[int, EmailCounts]:
    """What the brake counts of the outcomes in the journal."""
    accepted: Counter[int] = Counter()
    hard_bounces: Counter[int] = Counter()
    for claim, settlement in zip(claims, settlements, strict=True):
        accepted[claim.email_id] += settlement.state is DeliveryState.SENT
        hard_bounces[claim.email_id] += settlement.is_hard_bounce
    return {
        id_: EmailCounts(accepted=accepted[id_], hard_bounces=hard_bounces[id_]) for id_ in accepted
    }


def _recover_transactional(
    connection: Connection,
    sender: SendingProcess,
    owner: OpenOwner,
    flight: FlightRecord | None,
    now: datetime,
) -> None:
    """Transactional mail: by the same rules, in a table of its own."""
    settlements = [
        _settlement(sender, owner, flight, each, Purpose.TRANSACTIONAL, now)
        for each in list_transactional_claims(connection, owner.id)
    ]
    settle_transactional(connection, settlements, now)


def _settlement(
    sender: SendingProcess,
    owner: OpenOwner,
    flight: FlightRecord | None,
    left: OpenDelivery | ClaimedMail,
    purpose: Purpose,
    now: datetime,
) -> Settlement:
    delivery_id = sender.signer.sign(purpose, left.key)
    if flight is not None and delivery_id in flight.outcomes:
        return decide_settlement(left, flight.outcomes[delivery_id], now, sender.chance)
    if flight is not None and delivery_id not in flight.written:
        return put_back(left, now)
    has_sent = _ask_provider(sender, owner, delivery_id)
    if has_sent is None:
        return mark_in_doubt(left, "the sender stopped while this message was on the wire")
    if has_sent:
        accepted = Outcome(delivery_id=delivery_id, kind=OutcomeKind.ACCEPTED)
        return decide_settlement(left, accepted, now, sender.chance)
    return put_back(left, now)


def _ask_provider(sender: SendingProcess, owner: OpenOwner, delivery_id: str) -> bool | None:
    """Only the provider that the dead process used can tell."""
    if owner.provider != sender.provider.name:
        return None
    return sender.provider.has_sent(delivery_id)
