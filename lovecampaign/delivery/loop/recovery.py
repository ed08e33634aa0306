"""What becomes of the claims of a sender that died?

What its journal shows as never written goes back to ``planned``, what it shows as answered is
settled, and the rest may have arrived: in doubt, unless the provider can tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.base.decide_settlement import (
    AttemptedDelivery,
    decide_settlement,
    doubt,
    put_back,
)
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.store.ledger.counters import EmailCounts, add_to_email
from lovecampaign.store.ledger.settle_by_event import settle_proven_doubts
from lovecampaign.store.sending.flight_journal import FlightRecord, read_flight
from lovecampaign.store.sending.open_claims import OpenDelivery, list_claims
from lovecampaign.store.sending.request_queue import list_asked_claims, settle_asked
from lovecampaign.store.sending.senders import (
    OpenOwner,
    close_owner,
    held_if_dead,
    list_open_owners,
)
from lovecampaign.store.sending.settle import Settlement, settle
from lovecampaign.store.tables import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredClaims:
    """What dead senders left that is not settled."""

    in_doubt: int = 0
    #: Due again, for whoever comes next.
    put_back: int = 0

    def __add__(self, other: RecoveredClaims) -> RecoveredClaims:
        return RecoveredClaims(
            in_doubt=self.in_doubt + other.in_doubt, put_back=self.put_back + other.put_back
        )


def recover(sender: Sender) -> RecoveredClaims:
    """Take over from every dead sender, and settle what events have proved since."""
    settle_proven_doubts(sender.database, sender.clock.now())
    with sender.database.read() as connection:
        others = list_open_owners(connection, sender.owner.id)
    leftovers = RecoveredClaims()
    for found in others:
        with held_if_dead(sender.database, found) as is_dead:
            if is_dead:
                leftovers += _recover_one(sender, found)
    return leftovers


def _recover_one(sender: Sender, found: OpenOwner) -> RecoveredClaims:
    flight = read_flight(found.journal) if found.is_of_this_boot else None
    now = sender.clock.now()
    with sender.database.write() as connection:
        _recover_asked(connection, sender, found, flight, now)
        claims = list_claims(connection, found.id)
        settlements = [
            _settlement(sender, found, flight, each, Purpose.DELIVERY, now) for each in claims
        ]
        for campaign_key in {each.campaign_key for each in claims}:
            mine = [
                settlement
                for claim, settlement in zip(claims, settlements, strict=True)
                if claim.campaign_key == campaign_key
            ]
            settle(connection, mine, campaign_key, now)
        for email_id, counts in _counts_by_email(claims, settlements).items():
            add_to_email(connection, email_id, counts)
        close_owner(connection, found.id, now)
    found.journal.unlink(missing_ok=True)
    states = Counter(each.state for each in settlements)
    return RecoveredClaims(
        in_doubt=states[DeliveryState.IN_DOUBT], put_back=states[DeliveryState.PLANNED]
    )


def _counts_by_email(
    claims: Sequence[OpenDelivery], settlements: Sequence[Settlement]
) -> Mapping[int, EmailCounts]:
    """What the brake counts of the answers that the journal holds."""
    accepted: Counter[int] = Counter()
    hard_bounces: Counter[int] = Counter()
    for claim, settlement in zip(claims, settlements, strict=True):
        accepted[claim.email_id] += settlement.state is DeliveryState.SENT
        hard_bounces[claim.email_id] += settlement.is_hard_bounce
    return {
        id_: EmailCounts(accepted=accepted[id_], hard_bounces=hard_bounces[id_]) for id_ in accepted
    }


def _recover_asked(
    connection: Connection,
    sender: Sender,
    found: OpenOwner,
    flight: FlightRecord | None,
    now: datetime,
) -> None:
    """Mail that was asked for: by the same rules, in a table of its own."""
    settlements = [
        _settlement(sender, found, flight, each, Purpose.TRANSACTIONAL, now)
        for each in list_asked_claims(connection, found.id)
    ]
    settle_asked(connection, settlements, now)


def _settlement(
    sender: Sender,
    found: OpenOwner,
    flight: FlightRecord | None,
    left: AttemptedDelivery,
    purpose: Purpose,
    now: datetime,
) -> Settlement:
    delivery_id = sender.signer.sign(purpose, left.id)
    if flight is not None and delivery_id in flight.outcomes:
        return decide_settlement(left, flight.outcomes[delivery_id], now, sender.chance)
    if flight is not None and delivery_id not in flight.written:
        return put_back(left, now)
    has_sent = _ask_provider(sender, found, delivery_id)
    if has_sent is None:
        return doubt(left, "the sender stopped while this message was on the wire")
    if has_sent:
        accepted = Outcome(delivery_id=delivery_id, kind=OutcomeKind.ACCEPTED)
        return decide_settlement(left, accepted, now, sender.chance)
    return put_back(left, now)


def _ask_provider(sender: Sender, found: OpenOwner, delivery_id: str) -> bool | None:
    """Only the way out that the dead sender used can know."""
    if found.provider != sender.provider.name:
        return None
    return sender.provider.has_sent(delivery_id)
